/// A client with all that a database's plugin offers. The plugins make one for each `client` of
/// their configuration.
@MainActor public protocol SQLDatabase: SQLClient {
  /// Rows in batches, read no faster than they are asked for.
  func cursor(_ statement: SQLStatement) async throws -> any SQLCursor
  /// Sees every statement before it is sent; text that it returns is sent in its place.
  func beforeQuery(_ hook: @escaping @MainActor (String) async throws -> String?)
  /// Hears of every statement when it has ended.
  func afterQuery(_ hook: @escaping @MainActor (SQLQueryReport) -> Void)
  /// `allConnections`, `freeConnections`, `busyConnections`, `acquiringConnections`,
  /// `connectionQueue`.
  var stats: SQLFields { get }
  /// Closes everything. Later statements throw.
  func end() async
}

/// A statement whose rows are read batch by batch.
@MainActor public protocol SQLCursor: AnyObject {
  /// The next rows; nil at the end.
  func next() async throws -> (any SQLRowSource)?
  /// Gives the rest up.
  func close()
}
