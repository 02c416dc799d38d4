import EggSQL
import Glibc

/// A whole result in two pieces of memory: cells, and the text and bytes that they point at.
///
/// Filled on the thread that runs the statement, read when it is complete.
nonisolated final class SQLiteRows: SQLRowSource, @unchecked Sendable {
  private enum Cell {
    case null
    case integer(Int64)
    case number(Double)
    case moment(Int64)
    case text(start: Int, count: Int)
    case bytes(start: Int, count: Int)
  }

  let columns: SQLColumns
  private var cells: [Cell] = []
  private var memory: UnsafeMutableRawPointer?
  private var capacity = 0
  /// Of text and blobs.
  private(set) var byteCount = 0
  private(set) var rowCount = 0

  init(_ columns: SQLColumns) { self.columns = columns }

  deinit { free(memory) }

  // MARK: filling

  func appendNull() { cells.append(.null) }
  func append(_ value: Int64) { cells.append(.integer(value)) }
  func append(_ value: Double) { cells.append(.number(value)) }
  func append(moment: Int64) { cells.append(.moment(moment)) }
  func append(text: UnsafeRawBufferPointer) {
    cells.append(.text(start: keep(text), count: text.count))
  }
  func append(bytes: UnsafeRawBufferPointer) {
    cells.append(.bytes(start: keep(bytes), count: bytes.count))
  }
  func endRow() { rowCount += 1 }

  private func keep(_ view: UnsafeRawBufferPointer) -> Int {
    let start = byteCount
    guard let source = view.baseAddress, view.count > 0 else { return start }
    if capacity - byteCount < view.count {
      capacity = max(capacity * 2, byteCount + view.count, 1024)
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

  func cell(_ row: Int, _ column: Int) -> SQLValue {
    switch cells[row * columns.names.count + column] {
    case .null: .null
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .moment(let value): .moment(value)
    case .text(let start, let count): .text(String(decoding: view(start, count), as: UTF8.self))
    case .bytes(let start, let count): .bytes(Array(view(start, count)))
    }
  }

  func borrow(_ row: Int, _ column: Int) -> SQLCell? {
    switch cells[row * columns.names.count + column] {
    case .null: .null
    case .integer(let value): .integer(value)
    case .number(let value): .number(value)
    case .moment(let value): .moment(value)
    case .text(let start, let count): .text(view(start, count))
    case .bytes(let start, let count): .bytes(view(start, count))
    }
  }

  private func view(_ start: Int, _ count: Int) -> UnsafeRawBufferPointer {
    guard let memory, count > 0 else { return UnsafeRawBufferPointer(start: nil, count: 0) }
    return UnsafeRawBufferPointer(start: memory + start, count: count)
  }

  /// The same rows as a list, for cursors.
  var list: SQLRowList {
    let width = columns.names.count
    return SQLRowList(
      columns.names, (0..<rowCount).map { row in (0..<width).map { cell(row, $0) } })
  }
}
