import Egg
import EggSQL
import EggSQLClient

/// Rows as an object: what the method `run` answers with.
final class RowsObject: ExportedObject {
  let objectType = SQLWire.rowsID
  private let rows: RowsTable

  init(_ source: any SQLRowSource) { rows = RowsTable(source) }

  nonisolated deinit {}

  func property(_ name: String) throws -> Value {
    switch name {
    case "columns": .list(rows.columns.map { .text($0) })
    case "count": .integer(rows.rowCount)
    default: .undefined
    }
  }

  func interface(_ id: String) -> UnsafeRawPointer? {
    id == SQLWire.rowsID ? UnsafeRawPointer(rows.table) : nil
  }
}
