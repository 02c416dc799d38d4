import EggSQL
import EggSQLClient
import Glibc
internal import PluginABI

/// Rows for other units: the C table "egg.sql.rows/1", whose cells lie where the rows are.
///
/// Table, names and cells are one piece of memory that lives as long as this object.
final class RowsTable {
  private let source: any SQLRowSource
  private nonisolated(unsafe) let memory: UnsafeMutableRawPointer
  private nonisolated(unsafe) let cells: UnsafeMutablePointer<egg_value>

  init(_ source: any SQLRowSource) {
    self.source = source
    let count = source.columnCount
    let cellsStart = MemoryLayout<egg_sql_rows>.stride
    let namesStart = cellsStart + count * MemoryLayout<egg_value>.stride
    let textStart = namesStart + count * MemoryLayout<egg_str>.stride
    let isLent = count == 0 || source.name(ofColumn: 0) != nil
    let textCount = isLent ? 0 : source.columns.names.reduce(0) { $0 + $1.utf8.count }
    guard let memory = malloc(textStart + textCount) else { preconditionFailure("no memory") }
    self.memory = memory
    cells = (memory + cellsStart).initializeMemory(
      as: egg_value.self, repeating: egg_value(), count: count)
    let names = (memory + namesStart).bindMemory(to: egg_str.self, capacity: count)
    var text = memory + textStart
    for column in 0..<count {
      if let name = source.name(ofColumn: column) {
        (names + column).initialize(to: egg_str(name))
        continue
      }
      let name = source.columns.names[column].utf8
      let copy = UnsafeMutableRawBufferPointer(start: text, count: name.count)
      copy.copyBytes(from: name)
      (names + column).initialize(to: egg_str(UnsafeRawBufferPointer(copy)))
      text += name.count
    }
    memory.initializeMemory(
      as: egg_sql_rows.self,
      to: egg_sql_rows(
        size: UInt32(MemoryLayout<egg_sql_rows>.size), column_count: UInt32(count),
        row_count: UInt64(source.rowCount), columns: names, row: readRow,
        private_data: Unmanaged.passUnretained(self).toOpaque(), retain: retainRows,
        release: releaseRows))
  }

  nonisolated deinit { free(memory) }

  var table: UnsafePointer<egg_sql_rows> {
    UnsafeRawPointer(memory).assumingMemoryBound(to: egg_sql_rows.self)
  }

  var columns: [String] { source.columns.names }
  var rowCount: Int { source.rowCount }

  fileprivate func row(_ index: UInt64) -> UnsafePointer<egg_value>? {
    guard index < UInt64(source.rowCount) else { return nil }
    let cells = cells
    source.lend(Int(index)) { cells[$0] = egg_value($1) }
    return UnsafePointer(cells)
  }
}

private typealias Table = UnsafePointer<egg_sql_rows>

private nonisolated func owner(_ table: Table) -> Unmanaged<RowsTable>? {
  table.pointee.private_data.map { Unmanaged<RowsTable>.fromOpaque($0) }
}

private let readRow = unsafeBitCast(
  { table, index in owner(table)?._withUnsafeGuaranteedRef { $0.row(index) } ?? nil }
    as @MainActor @convention(c) (Table, UInt64) -> UnsafePointer<egg_value>?,
  to: (@convention(c) (Table, UInt64) -> UnsafePointer<egg_value>?).self)

private nonisolated let retainRows: @convention(c) (Table) -> Void = { _ = owner($0)?.retain() }
private nonisolated let releaseRows: @convention(c) (Table) -> Void = { owner($0)?.release() }
