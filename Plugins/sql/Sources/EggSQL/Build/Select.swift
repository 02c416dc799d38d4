extension SQLStatement {
  /// `` SELECT `a`, `b` FROM `t` WHERE … ORDER BY … LIMIT offset, limit ``
  ///
  /// - Parameters:
  ///   - columns: nil, empty or `["*"]` is all of them.
  ///   - limit: nil or 0 is no limit, and `offset` is then ignored.
  public static func select(
    _ table: String, where conditions: SQLFields? = nil, columns: [String]? = nil,
    orders: [SQLOrder] = [], limit: Int? = nil, offset: Int = 0
  ) -> SQLStatement {
    var statement = SQLStatement("SELECT ")
    let columns = columns ?? []
    let isAll = columns.isEmpty || columns == ["*"]
    statement.append(isAll ? "*" : SQLIdentifier.escape(columns))
    statement.append(" FROM ")
    statement.append(identifier: table)
    statement.append(where: conditions)
    for (place, order) in orders.enumerated() {
      statement.append(place == 0 ? " ORDER BY " : ", ")
      statement.append(identifier: order.column)
      if !order.direction.isEmpty { statement.append(" " + order.direction) }
    }
    if let limit, limit != 0 { statement.append(" LIMIT \(offset), \(limit)") }
    return statement
  }

  /// The same for one row: `LIMIT 0, 1`.
  public static func get(
    _ table: String, _ conditions: SQLFields? = nil, columns: [String]? = nil,
    orders: [SQLOrder] = []
  ) -> SQLStatement {
    select(table, where: conditions, columns: columns, orders: orders, limit: 1)
  }

  /// `` SELECT COUNT(*) as count FROM `t` WHERE … ``
  public static func count(_ table: String, _ conditions: SQLFields? = nil) -> SQLStatement {
    var statement = SQLStatement("SELECT COUNT(*) as count FROM ")
    statement.append(identifier: table)
    statement.append(where: conditions)
    return statement
  }
}
