/// One table of `LOCK TABLES`.
public struct SQLLock: Sendable, Equatable {
  public enum Kind: String, Sendable, CaseIterable {
    case read = "READ"
    case write = "WRITE"
    case readLocal = "READ LOCAL"
    case lowPriorityWrite = "LOW_PRIORITY WRITE"

    /// A name in any case.
    ///
    /// - Throws: `SQLError` for what is none of the four.
    public init(named name: String) throws(SQLError) {
      guard let kind = Kind(rawValue: name.uppercased()) else {
        throw .statement(
          "lock: expected \(Kind.allCases.map(\.rawValue).joined(separator: ", ")), found \"\(name)\""
        )
      }
      self = kind
    }
  }

  public var table: String
  public var kind: Kind
  public var alias: String?

  public init(_ table: String, _ kind: Kind, alias: String? = nil) {
    self.table = table
    self.kind = kind
    self.alias = alias
  }
}

extension SQLStatement {
  /// `` LOCK TABLES `t` AS `a` WRITE, `u` READ; ``
  ///
  /// - Throws: `SQLError` without tables or names.
  public static func lock(_ locks: [SQLLock]) throws(SQLError) -> SQLStatement {
    guard !locks.isEmpty else { throw .statement("Cannot lock empty tables.") }
    var statement = SQLStatement("LOCK TABLES ")
    for (place, lock) in locks.enumerated() {
      guard !lock.table.isEmpty else { throw .statement("lock: expected a table name, found none") }
      if place > 0 { statement.append(", ") }
      statement.append(identifier: lock.table)
      if let alias = lock.alias {
        statement.append(" AS ")
        statement.append(identifier: alias)
      }
      statement.append(" " + lock.kind.rawValue)
    }
    statement.append(";")
    return statement
  }

  /// `UNLOCK TABLES;`
  public static var unlock: SQLStatement { SQLStatement("UNLOCK TABLES;") }
}
