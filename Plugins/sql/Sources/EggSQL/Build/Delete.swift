extension SQLStatement {
  /// `` DELETE FROM `t` WHERE … ``
  ///
  /// Differs from Egg: without conditions it is refused unless `all` says that every row is meant.
  public static func delete(_ table: String, _ conditions: SQLFields? = nil, all: Bool = false)
    throws(SQLError) -> SQLStatement
  {
    try (conditions ?? [:]).checkNotEmpty("delete", table, all: all)
    var statement = SQLStatement("DELETE FROM ")
    statement.append(identifier: table)
    statement.append(where: conditions)
    return statement
  }
}
