import Egg
import EggSQL
internal import PluginABI

/// Rows in the memory of a database's plugin, read through the table "egg.sql.rows/1".
nonisolated final class RemoteRows: SQLRowSource, @unchecked Sendable {
  // Read on the loop's thread, like every object of another unit.
  private let object: ForeignObject
  private let table: UnsafePointer<egg_sql_rows>
  let columns: SQLColumns
  /// The row that was looked at last.
  private var known: (row: Int, cells: UnsafePointer<egg_value>)?

  init?(_ object: ForeignObject) {
    guard object.type == SQLWire.rowsID, let pointer = object.interface(SQLWire.rowsID) else {
      return nil
    }
    self.object = object
    table = pointer.assumingMemoryBound(to: egg_sql_rows.self)
    let names = UnsafeBufferPointer(
      start: table.pointee.columns, count: Int(table.pointee.column_count))
    columns = SQLColumns(names.map { Self.text($0.ptr, $0.len) })
  }

  var rowCount: Int { Int(clamping: table.pointee.row_count) }

  func cell(_ row: Int, _ column: Int) -> SQLValue {
    if known?.row != row {
      known = table.pointee.row(table, UInt64(row)).map { (row, $0) }
    }
    guard let cell = known?.cells[column] else { return .null }
    switch Int(cell.kind) {
    case EGG_BOOL: return .boolean(cell.as.boolean)
    case EGG_INT: return .integer(cell.as.integer)
    case EGG_DOUBLE: return .number(cell.as.number)
    case EGG_TIME: return .moment(cell.as.integer)
    case EGG_STRING: return .text(Self.text(cell.as.string, Int(cell.count)))
    case EGG_BYTES:
      return .bytes(Array(UnsafeBufferPointer(start: cell.as.bytes, count: Int(cell.count))))
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
