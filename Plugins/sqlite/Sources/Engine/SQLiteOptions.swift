import EggSQL

/// How one database is opened and used.
nonisolated public struct SQLiteOptions: Sendable {
  /// A file's path, or `:memory:`.
  public var path = ":memory:"
  /// Connections altogether: one writes, the others read. A database in memory has one for both.
  public var connectionLimit = 5
  /// How many callers may wait for a connection; 0 is any number.
  public var queueLimit = 0
  /// Milliseconds that a caller waits for a connection in use elsewhere; 0 is no limit.
  public var poolWaitTimeout = 10_000
  /// Milliseconds that a statement waits for a lock of another process.
  public var busyTimeout = 5_000
  /// Milliseconds for a statement; 0 is no limit.
  public var queryTimeout = 0
  /// Prepared statements kept by each connection.
  public var statementCache = 128
  /// The most rows, and bytes of text and blobs, of one result; 0 is no limit.
  public var maxRows = 1_000_000
  public var maxBytes = 64 << 20
  /// `wal`, `delete`, `truncate`, `persist` or `memory`.
  public var journalMode = "wal"
  /// `off`, `normal`, `full` or `extra`.
  public var synchronous = "normal"
  public var foreignKeys = true
  /// In which zone columns of dates are read and written.
  public var timeZone = SQLTimeZone.local
  /// Columns of dates stay text.
  public var dateStrings = false
  /// Several statements in one text.
  public var multipleStatements = false

  public init() {}

  public var isInMemory: Bool { path == ":memory:" }
}
