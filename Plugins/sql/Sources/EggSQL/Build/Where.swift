extension SQLStatement {
  /// Adds ` WHERE …`, nothing without conditions.
  ///
  /// A scalar is `=`, a list `IN`, NULL `IS NULL`, a literal brings its operator; several are joined
  /// with AND in their order. An empty list gives `IN ()`, which MySQL refuses.
  mutating func append(where conditions: SQLFields?) {
    guard let conditions, !conditions.isEmpty else { return }
    append(" WHERE ")
    append(conditions: conditions)
  }

  mutating func append(conditions: SQLFields) {
    for (place, (name, value)) in conditions.enumerated() {
      if place > 0 { append(" AND ") }
      append(identifier: name)
      switch value {
      case .null: append(" IS NULL")
      case .list:
        append(" IN (")
        append(value)
        append(")")
      case .literal(let text): append(" " + text)
      default:
        append(" = ")
        append(value)
      }
    }
  }
}
