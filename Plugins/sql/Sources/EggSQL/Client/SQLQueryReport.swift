/// What `afterQuery` hears: a statement and how it ended.
public struct SQLQueryReport: Sendable {
  public let sql: String
  public let result: Result<SQLResult, any Error>
  public let milliseconds: Int

  public init(sql: String, result: Result<SQLResult, any Error>, milliseconds: Int) {
    self.sql = sql
    self.result = result
    self.milliseconds = milliseconds
  }
}
