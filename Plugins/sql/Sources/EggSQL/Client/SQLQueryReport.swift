/// What `afterQuery` hears: a statement and how it ended.
public struct SQLQueryReport: Sendable {
  public let sql: String
  public let result: Result<SQLResult, any Error>
  public let milliseconds: Int
  /// The server's number of the connection; nil where connections have none.
  public let connection: Int?

  public init(
    sql: String, result: Result<SQLResult, any Error>, milliseconds: Int, connection: Int? = nil
  ) {
    self.sql = sql
    self.result = result
    self.milliseconds = milliseconds
    self.connection = connection
  }
}
