import Egg
import EggSQL

/// How statements and answers travel between units. Both sides of it are here.
public enum SQLWire {
  /// Of objects that hold rows; the C table of the same id reads them.
  public nonisolated static let rowsID = "egg.sql.rows/1"
  /// Of the C table that runs statements.
  public nonisolated static let runID = "egg.sql.run/1"

  /// A statement: whether it assumes backslashes, then text and values in turn.
  public static func value(of statement: SQLStatement) -> Value {
    var list: [Value] = [.boolean(statement.assumesBackslashes)]
    statement.pieces { range, value in
      list.append(.text(String(decoding: statement.sql[range], as: UTF8.self)))
      if let value { list.append(Value(value)) }
    }
    return .list(list)
  }

  /// - Throws: `EggError` for what is no statement.
  public static func statement(_ value: Value) throws -> SQLStatement {
    guard let list = value.array, let assumes = list.first?.bool else {
      throw EggError(code: "EGG_ARGUMENT", "run: expected a statement, found \(value.kindName)")
    }
    var statement = SQLStatement()
    statement.assumesBackslashes = assumes
    for (place, item) in list.dropFirst().enumerated() {
      if place.isMultiple(of: 2) {
        guard let text = item.string else {
          throw EggError(code: "EGG_ARGUMENT", "run: expected text, found \(item.kindName)")
        }
        statement.append(text)
      } else if !item.isUndefined {
        statement.append(SQLValue(item))
      }
    }
    return statement
  }

  /// What a change says about itself, by Egg's names.
  public static func value(of summary: SQLResult.Summary) -> Value {
    var map = ValueMap()
    map["fieldCount"] = .integer(summary.fieldCount)
    map["affectedRows"] = .integer(summary.affectedRows)
    map["insertId"] = Value(SQLValue(summary.insertId))
    map["serverStatus"] = .integer(summary.serverStatus)
    map["warningCount"] = .integer(summary.warningCount)
    map["message"] = .text(summary.message)
    map["protocol41"] = true
    map["changedRows"] = .integer(summary.changedRows)
    return .map(map)
  }

  /// What `run` and `execute` of a client object answered.
  ///
  /// - Throws: `EggError` for what is neither rows nor a summary.
  public static func result(_ value: Value) throws -> SQLResult {
    switch value {
    case .reference(let object):
      guard let rows = RemoteRows(object) else {
        throw EggError("expected rows, found \(object.type)")
      }
      return SQLResult(rows)
    case .list(let list):
      return SQLResult(try list.map { try result($0) })
    default:
      var summary = SQLResult.Summary()
      summary.fieldCount = value.fieldCount.int ?? 0
      summary.affectedRows = value.affectedRows.int ?? 0
      summary.insertId =
        value.insertId.string.flatMap { UInt64($0) } ?? UInt64(clamping: value.insertId.int ?? 0)
      summary.changedRows = value.changedRows.int ?? 0
      summary.warningCount = value.warningCount.int ?? 0
      summary.serverStatus = value.serverStatus.int ?? 0
      summary.message = value.message.string ?? ""
      return SQLResult(nil, summary)
    }
  }
}

extension SQLValue {
  fileprivate init(_ number: UInt64) { self = number.sqlValue }
}
