/// One connection for itself, until `commit` or `rollback`.
///
/// Afterwards every statement throws "transaction was commit or rollback". When nobody holds the
/// object any more before either, the transaction is rolled back.
@MainActor public protocol SQLTransaction: SQLExecutor {
  func commit() async throws
  func rollback() async throws
  /// `LOCK TABLES`, for this connection; its end unlocks them.
  func locks(_ tables: [SQLLock]) async throws
}

extension SQLTransaction {
  public func lockOne(_ table: String, _ kind: SQLLock.Kind, alias: String? = nil) async throws {
    try await locks([SQLLock(table, kind, alias: alias)])
  }
  public func unlock() async throws { _ = try await run(.unlock) }
}

extension SQLError {
  /// A transaction that was ended already is asked for something.
  public static var transactionEnded: SQLError {
    SQLError(code: "EGG_SQL_TRANSACTION", "transaction was commit or rollback")
  }
}

/// A client that can begin transactions.
@MainActor public protocol SQLClient: SQLExecutor {
  associatedtype Transaction: SQLTransaction
  func beginTransaction() async throws -> Transaction
}

/// The transaction that code is inside of, by client.
enum TransactionScope {
  struct Open: @unchecked Sendable {
    // Only compared and downcast, and used on the main actor.
    let client: ObjectIdentifier
    let transaction: any SQLTransaction
  }
  @TaskLocal static var open: [Open] = []
}

extension SQLClient {
  /// Runs `scope` in a transaction: commits when it returns, rolls back when it throws.
  ///
  /// Inside of another scope of this client it joins that transaction; there are no savepoints. A
  /// nested scope that throws rolls back everything at once, and later statements throw.
  ///
  /// - Parameter joining: the transaction to be inside of; nil is the one around this call, if any.
  /// - Throws: what `scope` throws; what the rollback throws, with the former as its cause.
  @discardableResult
  public func beginTransactionScope<R: Sendable>(
    joining: Transaction? = nil, _ scope: @MainActor (Transaction) async throws -> R
  ) async throws -> R {
    let around = TransactionScope.open.last { $0.client == ObjectIdentifier(self) }
    if let outer = joining ?? around?.transaction as? Transaction {
      do { return try await scope(outer) } catch {
        try await outer.rollBack(after: error)
        throw error
      }
    }
    return try await outermost(scope) { try await $0.commit() }
  }

  /// The same, rolled back in any case: for tests.
  @discardableResult
  public func beginDoomedTransactionScope<R: Sendable>(
    _ scope: @MainActor (Transaction) async throws -> R
  ) async throws -> R {
    try await outermost(scope) { try await $0.rollback() }
  }

  private func outermost<R: Sendable>(
    _ scope: @MainActor (Transaction) async throws -> R,
    end: @MainActor (Transaction) async throws -> Void
  ) async throws -> R {
    let transaction = try await beginTransaction()
    let open = TransactionScope.Open(client: ObjectIdentifier(self), transaction: transaction)
    let result: R
    do {
      result = try await TransactionScope.$open.withValue(TransactionScope.open + [open]) {
        try await scope(transaction)
      }
      // A request that is gone does not change anything any more.
      try Task.checkCancellation()
    } catch {
      try await transaction.rollBack(after: error)
      throw error
    }
    try await end(transaction)
    return result
  }
}

extension SQLTransaction {
  /// Rolls back unless a nested scope did already; an error of it has `cause` behind it.
  fileprivate func rollBack(after cause: any Error) async throws {
    do {
      try await rollback()
    } catch var error as SQLError {
      guard error.code != SQLError.transactionEnded.code else { return }
      error.cause = cause
      throw error
    }
  }
}
