import Egg
import EggSQL
import EggSQLClient
internal import PluginABI

/// Rows for other units: the C table "egg.sql.rows/1", whose cells lie where the rows are.
final class RowsObject: ExportedObject {
  let objectType = SQLWire.rowsID
  private let source: any SQLRowSource
  private nonisolated(unsafe) let table: UnsafeMutablePointer<egg_sql_rows>
  private nonisolated(unsafe) let names: UnsafeMutableBufferPointer<egg_str>
  private nonisolated(unsafe) let cells: UnsafeMutableBufferPointer<egg_value>
  /// Copies of what `source` does not lend, for the row in `cells`.
  private nonisolated(unsafe) var copies: [UnsafeMutableRawPointer] = []

  init(_ source: any SQLRowSource) {
    self.source = source
    let columns = source.columns.names
    names = .allocate(capacity: columns.count)
    for (place, name) in columns.enumerated() {
      let text = Self.copy(name.utf8)
      names.initializeElement(
        at: place,
        to: egg_str(ptr: text.assumingMemoryBound(to: CChar.self), len: name.utf8.count))
    }
    cells = .allocate(capacity: max(1, columns.count))
    cells.initialize(repeating: egg_value())
    table = .allocate(capacity: 1)
    table.initialize(
      to: egg_sql_rows(
        size: UInt32(MemoryLayout<egg_sql_rows>.size), column_count: UInt32(columns.count),
        row_count: UInt64(source.rowCount), columns: UnsafePointer(names.baseAddress),
        row: readRow, private_data: nil))
    table.pointee.private_data = Unmanaged.passUnretained(self).toOpaque()
  }

  nonisolated deinit {
    for name in names { name.ptr.map { UnsafeMutableRawPointer(mutating: $0).deallocate() } }
    names.deallocate()
    cells.deallocate()
    table.deallocate()
    for copy in copies { copy.deallocate() }
  }

  func property(_ name: String) throws -> Value {
    switch name {
    case "columns": .list(source.columns.names.map { .text($0) })
    case "count": .integer(source.rowCount)
    default: .undefined
    }
  }

  func interface(_ id: String) -> UnsafeRawPointer? {
    id == SQLWire.rowsID ? UnsafeRawPointer(table) : nil
  }

  fileprivate func row(_ index: UInt64) -> UnsafePointer<egg_value>? {
    guard index < UInt64(source.rowCount) else { return nil }
    if !copies.isEmpty {
      for copy in copies { copy.deallocate() }
      copies.removeAll(keepingCapacity: true)
    }
    let row = Int(index)
    let cells = cells
    if source.lend(row, { cells[$0] = Self.value($1) }) { return UnsafePointer(cells.baseAddress) }
    for column in 0..<source.columns.names.count {
      cells[column] = source.borrow(row, column).map { Self.value($0) } ?? copied(row, column)
    }
    return UnsafePointer(cells.baseAddress)
  }

  private static func value(_ cell: SQLCell) -> egg_value {
    var value = egg_value()
    switch cell {
    case .null: value.kind = egg_kind(EGG_NULL)
    case .integer(let number):
      value.kind = egg_kind(EGG_INT)
      value.as.integer = number
    case .number(let number):
      value.kind = egg_kind(EGG_DOUBLE)
      value.as.number = number
    case .moment(let time):
      value.kind = egg_kind(EGG_TIME)
      value.as.integer = time
    case .text(let view):
      value.kind = egg_kind(EGG_STRING)
      value.count = UInt32(clamping: view.count)
      value.as.string = view.baseAddress?.assumingMemoryBound(to: CChar.self)
    case .bytes(let view):
      value.kind = egg_kind(EGG_BYTES)
      value.count = UInt32(clamping: view.count)
      value.as.bytes = view.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
    return value
  }

  private func copied(_ row: Int, _ column: Int) -> egg_value {
    switch source.cell(row, column) {
    case .null, .list, .fields: return Self.value(.null)
    case .boolean(let flag):
      var value = egg_value()
      value.kind = egg_kind(EGG_BOOL)
      value.as.boolean = flag
      return value
    case .integer(let number): return Self.value(.integer(number))
    case .number(let number): return Self.value(.number(number))
    case .moment(let time): return Self.value(.moment(time))
    case .unsigned(let number): return Self.value(.text(kept(String(number).utf8)))
    case .text(let text), .literal(let text): return Self.value(.text(kept(text.utf8)))
    case .bytes(let bytes): return Self.value(.bytes(kept(bytes)))
    }
  }

  private func kept(_ bytes: some Collection<UInt8>) -> UnsafeRawBufferPointer {
    let copy = Self.copy(bytes)
    copies.append(copy)
    return UnsafeRawBufferPointer(start: copy, count: bytes.count)
  }

  private static func copy(_ bytes: some Collection<UInt8>) -> UnsafeMutableRawPointer {
    let memory = UnsafeMutableRawBufferPointer.allocate(
      byteCount: max(1, bytes.count), alignment: 1)
    memory.copyBytes(from: bytes)
    return memory.baseAddress!
  }
}

private let readRow = unsafeBitCast(
  { table, index in
    guard let state = table.pointee.private_data else { return nil }
    return Unmanaged<RowsObject>.fromOpaque(state)._withUnsafeGuaranteedRef { $0.row(index) }
  }
    as @MainActor @convention(c) (UnsafePointer<egg_sql_rows>, UInt64) -> UnsafePointer<egg_value>?,
  to: (@convention(c) (UnsafePointer<egg_sql_rows>, UInt64) -> UnsafePointer<egg_value>?).self)
