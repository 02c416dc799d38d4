import Egg
import EggSQL
import EggSQLClient

/// Results as other units get them.
struct Answers {
  let app: ApplicationBase

  /// Rows as an object that is read in place, a change as its summary.
  func reference(_ result: SQLResult) -> Value {
    guard result.following.isEmpty else {
      let all = [SQLResult(result.rowSource, result.summary)] + result.following
      return .list(all.map { reference($0) })
    }
    guard let source = result.rowSource else { return SQLWire.value(of: result.summary) }
    return app.value(of: RowsObject(source))
  }

  /// Rows as a list of objects, a change as its summary; of several statements a list of both.
  func value(_ result: SQLResult) -> Value {
    guard result.following.isEmpty else {
      let all = [SQLResult(result.rowSource, result.summary)] + result.following
      return .list(all.map { value($0) })
    }
    guard result.hasRows else { return SQLWire.value(of: result.summary) }
    return .list(result.map { value($0) })
  }

  func value(_ row: SQLRow?) -> Value {
    guard let row else { return .null }
    var map = ValueMap()
    let columns = row.columns
    map.reserveCapacity(columns.count)
    for place in columns.indices { map[columns[place]] = Value(row[place]) }
    return .map(map)
  }
}
