import Glibc

/// A whole result in two pieces of memory: cells, and the text and bytes that they point at.
///
/// Filled on one thread, read when it is complete.
public final class SQLPackedRows: SQLRowSource, @unchecked Sendable {
  private enum Cell {
    case null
    case integer(Int64)
    case number(Double)
    case moment(Int64)
    case text(start: Int, count: Int)
    case bytes(start: Int, count: Int)
    /// The digits of a number that `integer` does not hold.
    case unsigned(start: Int, count: Int)
  }

  public let columns: SQLColumns
  public let columnCount: Int
  private var cells: [Cell] = []
  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0
  /// Of text and blobs.
  public private(set) var byteCount = 0
  public private(set) var rowCount = 0

  public init(_ columns: SQLColumns) {
    self.columns = columns
    columnCount = columns.names.count
  }

  deinit { free(memory) }

  // MARK: filling

  public func appendNull() { cells.append(.null) }
  public func append(_ value: Int64) { cells.append(.integer(value)) }
  public func append(_ value: Double) { cells.append(.number(value)) }
  public func append(moment: Int64) { cells.append(.moment(moment)) }
  public func append(text: UnsafeRawBufferPointer) {
    cells.append(.text(start: keep(text), count: text.count))
  }
  public func append(bytes: UnsafeRawBufferPointer) {
    cells.append(.bytes(start: keep(bytes), count: bytes.count))
  }
  public func append(unsigned value: UInt64) {
    if let value = Int64(exactly: value) { return append(value) }
    keep(digits: value) { .unsigned(start: $0, count: $1) }
  }
  /// A number as text.
  public func append(digits value: some BinaryInteger) {
    keep(digits: value) { .text(start: $0, count: $1) }
  }
  /// A cell as somebody else has it.
  public func append(_ cell: SQLCell, isUnsigned: Bool = false) {
    switch cell {
    case .null: appendNull()
    case .boolean(let value): append(Int64(value ? 1 : 0))
    case .integer(let value): append(value)
    case .number(let value): append(value)
    case .moment(let value): append(moment: value)
    case .bytes(let view): append(bytes: view)
    case .text(let view) where isUnsigned:
      cells.append(.unsigned(start: keep(view), count: view.count))
    case .text(let view): append(text: view)
    }
  }
  public func endRow() { rowCount += 1 }

  private func keep(digits value: some BinaryInteger, _ cell: (Int, Int) -> Cell) {
    var text = String(value)
    text.withUTF8 { cells.append(cell(keep(UnsafeRawBufferPointer($0)), $0.count)) }
  }

  private func keep(_ view: UnsafeRawBufferPointer) -> Int {
    let start = byteCount
    guard let source = view.baseAddress, view.count > 0 else { return start }
    if capacity - byteCount < view.count {
      capacity = max(capacity * 2, byteCount + view.count, 256)
      guard let grown = realloc(memory, capacity) else {
        preconditionFailure("no memory for \(capacity) bytes of rows")
      }
      memory = grown
    }
    memory?.advanced(by: start).copyMemory(from: source, byteCount: view.count)
    byteCount += view.count
    return start
  }

  // MARK: reading

  public func cell(_ row: Int, _ column: Int) -> SQLValue {
    switch cells[row * columnCount + column] {
    case .null: .null
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .moment(let value): .moment(value)
    case .text(let start, let count): .text(text(start, count))
    case .bytes(let start, let count): .bytes(Array(view(start, count)))
    case .unsigned(let start, let count):
      UInt64(text(start, count)).map { .unsigned($0) } ?? .text(text(start, count))
    }
  }

  public func lend(_ row: Int, _ take: (Int, SQLCell) -> Void) {
    for column in 0..<columnCount {
      switch cells[row * columnCount + column] {
      case .null: take(column, .null)
      case .integer(let value): take(column, .integer(value))
      case .number(let value): take(column, .number(value))
      case .moment(let value): take(column, .moment(value))
      case .text(let start, let count), .unsigned(let start, let count):
        take(column, .text(view(start, count)))
      case .bytes(let start, let count): take(column, .bytes(view(start, count)))
      }
    }
  }

  private func text(_ start: Int, _ count: Int) -> String {
    String(decoding: view(start, count), as: UTF8.self)
  }

  private func view(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
    guard let memory, count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: memory + start, count: count)
  }
}
