import EggSQL

/// How to reach a server, and how its pool behaves. Times are milliseconds; 0 is no limit.
nonisolated public struct MySQLOptions: Sendable, Equatable {
  public var host = "127.0.0.1"
  public var port = 3306
  public var user = ""
  public var password = ""
  public var database = ""
  /// A Unix socket in place of host and port.
  public var socketPath = ""
  /// Of comparisons, `utf8mb4_unicode_ci` for one; empty is the server's default. Text always
  /// travels as UTF-8.
  public var collation = ""
  public var tls: TLS?

  public var connectionLimit = 5
  /// How many callers may wait for a connection; 0 is any number.
  public var queueLimit = 0
  /// Whether callers wait at all when every connection is in use.
  public var waitForConnections = true
  public var connectTimeout = 500
  /// How long a caller waits for a connection that others use.
  public var poolWaitTimeout = 500
  /// How long a caller waits for a connection altogether, connecting included.
  public var acquireTimeout = 10_000
  /// How long a statement may take. The connection is given up with it.
  public var queryTimeout = 0
  /// How long a connection may be unused before it is closed.
  public var idleTimeout = 60_000
  /// After how long without use a connection is asked whether it is still there.
  public var pingAfter = 30_000
  /// Prepared statements kept for each connection.
  public var statementCache = 128

  public var timeZone = SQLTimeZone.local
  /// `DATE`, `DATETIME` and `TIMESTAMP` as text.
  public var dateStrings = false
  /// Integers that a JavaScript number cannot hold, as text.
  public var supportBigNumbers = false
  /// With `supportBigNumbers`: every BIGINT as text.
  public var bigNumberStrings = false
  /// Several statements in one text.
  public var multipleStatements = false

  public init() {}

  nonisolated public struct TLS: Sendable, Equatable {
    /// Paths of PEM files.
    public var ca = "", certificate = "", key = ""
    public var ciphers = ""
    /// `TLSv1.2,TLSv1.3`
    public var versions = ""
    /// Whether the server's certificate and name have to be right.
    public var verifies = true

    public init() {}
  }
}
