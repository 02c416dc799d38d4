/// One row of `updateRows`: what to set, and where.
public struct SQLRowUpdate: Sendable, Equatable {
  public var row: SQLFields
  /// nil: the row's `id`.
  public var conditions: SQLFields?

  public init(_ row: SQLFields, where conditions: SQLFields? = nil) {
    self.row = row
    self.conditions = conditions
  }
}

extension SQLStatement {
  /// `` UPDATE `t` SET `id` = 1, `a` = 2 WHERE `id` = 1 ``
  ///
  /// - Parameters:
  ///   - conditions: nil is the row's `id`, which stands in SET too.
  ///   - columns: which of the row's to set; nil is all.
  ///   - all: says that every row is meant when `conditions` is empty.
  /// - Throws: `SQLError` when it is not known which rows, or there is nothing to set.
  public static func update(
    _ table: String, _ row: SQLFields, where conditions: SQLFields? = nil,
    columns: [String]? = nil, all: Bool = false
  ) throws(SQLError) -> SQLStatement {
    var row = row
    let byID = row["id"].map { ["id": $0] as SQLFields }
    guard let conditions = conditions ?? byID ?? (all ? [:] : nil) else {
      throw .statement(
        "Can not auto detect update condition, please set option.where, or make sure obj.id exists")
    }
    try conditions.checkNotEmpty("update", table, all: all)
    if let columns {
      row = SQLFields(columns.compactMap { name in row[name].map { (name, $0) } })
    }
    guard !row.isEmpty else {
      throw .statement("update of \"\(table)\": expected columns to set, found none")
    }
    var statement = SQLStatement("UPDATE ")
    statement.append(identifier: table)
    statement.append(" SET ")
    statement.append(row, separator: ", ")
    statement.append(where: conditions)
    return statement
  }

  /// Several rows with one statement; every column becomes a CASE over the rows.
  ///
  ///     UPDATE `t` SET `a` = CASE WHEN `id` = 1 THEN 'x' WHEN `id` = 2 THEN 'y' ELSE `a` END
  ///       WHERE `id` IN (1, 2)
  ///
  /// The WHERE has a list for each column; with conditions of several columns it may be wider than
  /// the rows that are meant, and the ELSE keeps those as they are.
  ///
  /// - Throws: `SQLError` when a row has neither `id` nor conditions, or there is nothing to set.
  public static func updateRows(_ table: String, _ rows: [SQLRowUpdate]) throws(SQLError)
    -> SQLStatement
  {
    var columns: [String] = []
    var wheres: [SQLFields] = []
    var scope = SQLFields()
    for update in rows {
      let byID = update.row["id"].map { ["id": $0] as SQLFields }
      guard let conditions = update.conditions ?? byID, !conditions.isEmpty else {
        throw .statement(
          "Can not auto detect updateRows condition, please set updateRow.where, or make sure"
            + " updateRow.id exists")
      }
      wheres.append(conditions)
      for name in update.row.names where name != "id" && !columns.contains(name) {
        columns.append(name)
      }
      for (name, value) in conditions { scope[name] = .list(scope[name].items + value.items) }
    }
    guard !columns.isEmpty else {
      throw .statement("updateRows of \"\(table)\": expected columns to set, found none")
    }
    var statement = SQLStatement("UPDATE ")
    statement.append(identifier: table)
    statement.append(" SET ")
    for (place, column) in columns.enumerated() {
      if place > 0 { statement.append(", ") }
      statement.append(identifier: column)
      statement.append(" = CASE")
      for (update, conditions) in zip(rows, wheres) {
        guard let value = update.row[column] else { continue }
        statement.append(" WHEN ")
        statement.append(conditions: conditions)
        statement.append(" THEN ")
        statement.append(value)
      }
      statement.append(" ELSE ")
      statement.append(identifier: column)
      statement.append(" END")
    }
    statement.append(where: scope)
    return statement
  }
}

extension SQLValue? {
  fileprivate var items: [SQLValue] { self?.items ?? [] }
}

extension SQLValue {
  fileprivate var items: [SQLValue] { if case .list(let list) = self { list } else { [self] } }
}

extension SQLFields {
  /// - Throws: `SQLError` for conditions that mean the whole table although nobody said so.
  func checkNotEmpty(_ what: String, _ table: String, all: Bool) throws(SQLError) {
    guard isEmpty, !all else { return }
    throw SQLError(
      code: "EGG_SQL_WHERE",
      "\(what) of \"\(table)\" without conditions would touch every row; say \"all: true\" when that"
        + " is meant")
  }
}
