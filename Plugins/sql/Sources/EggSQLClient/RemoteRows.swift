import Egg
import EggSQL
internal import PluginABI

/// Rows in the memory of a database's plugin, read through the table "egg.sql.rows/1".
nonisolated final class RemoteRows: SQLRowSource, @unchecked Sendable {
  // Read on the loop's thread, like everything of another unit.
  private let table: UnsafePointer<egg_sql_rows>
  /// What the rows belong to; nil when they are this object's to release.
  private let object: ForeignObject?
  let columnCount: Int
  let rowCount: Int
  private var knownColumns: SQLColumns?
  /// The row that was looked at last.
  private var knownRow = -1
  private var cells: UnsafePointer<egg_value>?

  /// The rows that an object has; nil when it has none.
  convenience init?(_ object: ForeignObject) {
    guard let table = object.interface(SQLWire.rowsID) else { return nil }
    self.init(table.assumingMemoryBound(to: egg_sql_rows.self), object)
  }

  /// Keeps rows that were lent.
  convenience init(retaining table: UnsafePointer<egg_sql_rows>) {
    table.pointee.retain(table)
    self.init(table, nil)
  }

  private init(_ table: UnsafePointer<egg_sql_rows>, _ object: ForeignObject?) {
    self.table = table
    self.object = object
    columnCount = Int(table.pointee.column_count)
    rowCount = Int(clamping: table.pointee.row_count)
  }

  deinit { if object == nil { table.pointee.release(table) } }

  var columns: SQLColumns {
    if let knownColumns { return knownColumns }
    let names = UnsafeBufferPointer(start: table.pointee.columns, count: columnCount)
    let columns = SQLColumns(names.map(\.text))
    knownColumns = columns
    return columns
  }

  func cell(_ row: Int, _ column: Int) -> SQLValue {
    guard let cells = cells(row) else { return .null }
    return SQLValue(SQLCell(cells[column]))
  }

  func lend(_ row: Int, _ take: (Int, SQLCell) -> Void) {
    guard let cells = cells(row) else { return }
    for column in 0..<columnCount { take(column, SQLCell(cells[column])) }
  }

  @inline(__always)
  private func cells(_ row: Int) -> UnsafePointer<egg_value>? {
    if knownRow != row {
      cells = table.pointee.row(table, UInt64(row))
      knownRow = row
    }
    return cells
  }

  func decoder(ofJSON text: String) throws -> (any Decoder)? {
    try Value(json: text).decode(OpenedDecoder.self).decoder
  }
}

/// The decoder that a value is read with.
private nonisolated struct OpenedDecoder: Decodable {
  let decoder: any Decoder
  init(from decoder: any Decoder) { self.decoder = decoder }
}
