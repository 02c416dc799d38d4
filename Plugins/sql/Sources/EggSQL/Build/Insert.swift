extension SQLStatement {
  /// `` INSERT INTO `t`(`a`, `b`) VALUES(1, 2), (3, NULL) ``
  ///
  /// - Parameter columns: nil is those of the first row. What a row lacks is NULL, what it has
  ///   beyond them is left out.
  /// - Throws: `SQLError` without rows, which no server could do anything with.
  public static func insert(_ table: String, _ rows: [SQLFields], columns: [String]? = nil)
    throws(SQLError) -> SQLStatement
  {
    guard let first = rows.first else {
      throw .statement("insert into \"\(table)\": expected at least one row, found none")
    }
    let columns = columns ?? first.names
    var statement = SQLStatement("INSERT INTO ")
    statement.append(identifier: table)
    statement.append("(\(SQLIdentifier.escape(columns))) VALUES")
    for (place, row) in rows.enumerated() {
      statement.append(place == 0 ? "(" : ", (")
      for (place, column) in columns.enumerated() {
        if place > 0 { statement.append(", ") }
        statement.append(row[column] ?? .null)
      }
      statement.append(")")
    }
    return statement
  }
}
