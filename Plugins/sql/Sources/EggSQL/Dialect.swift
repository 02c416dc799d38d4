/// Which database a statement is written for.
public enum SQLDialect: Sendable {
  /// MySQL and MariaDB.
  case mysql
  case sqlite

  /// The text of `literals.now`: the moment at which the server runs the statement.
  public var now: String {
    switch self {
    case .mysql: "now()"
    case .sqlite: "strftime('%Y-%m-%d %H:%M:%f', 'now', 'localtime')"
    }
  }
}

/// How text has to be written so that one connection reads it back unchanged.
public struct SQLEscaping: Sendable, Equatable {
  public var dialect: SQLDialect
  /// False while the server's `sql_mode` has `NO_BACKSLASH_ESCAPES`.
  public var backslashes: Bool
  /// False while the connection's character set is one in which the byte of a quote or a backslash
  /// may be the second half of a character (gbk, sjis, big5 …). Text outside of ASCII is then
  /// written as hexadecimal digits.
  public var isUTF8: Bool
  public var timeZone: SQLTimeZone

  public init(
    dialect: SQLDialect = .mysql, backslashes: Bool = true, isUTF8: Bool = true,
    timeZone: SQLTimeZone = .local
  ) {
    self.dialect = dialect
    self.backslashes = backslashes && dialect == .mysql
    self.isUTF8 = isUTF8
    self.timeZone = timeZone
  }
}
