import Egg
import EggSQL
internal import PluginABI

/// Rows in the memory of a database's plugin, read through the table "egg.sql.rows/1".
nonisolated final class RemoteRows: SQLRowSource, @unchecked Sendable {
  // Read on the loop's thread, like every object of another unit.
  private let object: ForeignObject
  private let table: UnsafePointer<egg_sql_rows>
  let columns: SQLColumns
  let columnCount: Int
  let rowCount: Int
  /// The row that was looked at last.
  private var knownRow = -1
  private var cells: UnsafePointer<egg_value>?

  init?(_ object: ForeignObject) {
    guard let pointer = object.interface(SQLWire.rowsID) else { return nil }
    self.object = object
    table = pointer.assumingMemoryBound(to: egg_sql_rows.self)
    let names = UnsafeBufferPointer(
      start: table.pointee.columns, count: Int(table.pointee.column_count))
    columns = SQLColumns(names.map { Self.text($0.ptr, $0.len) })
    columnCount = names.count
    rowCount = Int(clamping: table.pointee.row_count)
  }

  func cell(_ row: Int, _ column: Int) -> SQLValue {
    if knownRow != row {
      cells = table.pointee.row(table, UInt64(row))
      knownRow = row
    }
    guard let cells else { return .null }
    let cell = cells + column
    switch Int(cell.pointee.kind) {
    case EGG_BOOL: return .boolean(cell.pointee.as.boolean)
    case EGG_INT: return .integer(cell.pointee.as.integer)
    case EGG_DOUBLE: return .number(cell.pointee.as.number)
    case EGG_TIME: return .moment(cell.pointee.as.integer)
    case EGG_STRING: return .text(Self.text(cell.pointee.as.string, Int(cell.pointee.count)))
    case EGG_BYTES:
      return .bytes(
        Array(UnsafeBufferPointer(start: cell.pointee.as.bytes, count: Int(cell.pointee.count))))
    default: return .null
    }
  }

  func decoder(ofJSON text: String) throws -> (any Decoder)? {
    try Value(json: text).decode(OpenedDecoder.self).decoder
  }

  private static func text(_ start: UnsafePointer<CChar>?, _ count: Int) -> String {
    String(decoding: UnsafeRawBufferPointer(start: start, count: count), as: UTF8.self)
  }
}

/// The decoder that a value is read with.
private nonisolated struct OpenedDecoder: Decodable {
  let decoder: any Decoder
  init(from decoder: any Decoder) { self.decoder = decoder }
}
