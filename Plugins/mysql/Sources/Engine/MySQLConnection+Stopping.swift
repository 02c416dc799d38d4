import EggSQL

/// What is known only after it was needed: the statement of a task that may be cancelled.
private final class Started {
  var statement: (any SQLRunning)?
  nonisolated deinit {}
}

extension MySQLConnection {
  /// Starts a statement; `done` hears of its end, or of why it could not begin.
  func start(
    _ request: SQLRequest, _ done: @escaping @MainActor (Result<SQLResult, any Error>) -> Void
  ) -> any SQLRunning {
    let exchange: MySQLExchange
    switch request {
    case .text(let statement):
      do throws(SQLError) {
        exchange = try withText(statement) { MySQLExchange(self, $0, done) }
      } catch {
        return SQLTask({ throw error }, done)
      }
    case .prepared(let sql, let parameters):
      exchange = MySQLExchange(self, prepared: sql, parameters, done)
    }
    exchange.begin()
    return exchange
  }

  /// The same in the caller's task, and ending with it unless `isStoppable` is false.
  ///
  /// - Throws: `SQLError`; `CancellationError`, also when the statement was faster. The connection
  ///   stays usable, unless the server could not be told.
  func perform(_ request: SQLRequest, _ isStoppable: Bool) async throws -> SQLResult {
    guard isStoppable else {
      return try await withUnsafeThrowingContinuation { continuation in
        _ = start(request) { continuation.resume(with: $0) }
      }
    }
    try Task.checkCancellation()
    let started = Started()
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        started.statement = start(request) { continuation.resume(with: $0) }
      }
    } onCancel: {
      Task { @MainActor in started.statement?.cancel() }
    }
  }

  /// Runs what goes on with a statement that was begun, so that it ends with this task.
  ///
  /// - Throws: `CancellationError`, as `perform`.
  func stoppable<R>(_ body: () async throws -> R) async throws -> R {
    try Task.checkCancellation()
    let statement = serial
    let result: R
    do {
      result = try await withTaskCancellationHandler(operation: body) {
        Task { @MainActor in self.stop(statement) }
      }
    } catch {
      guard await awaitKiller(of: statement) else { throw error }
      throw CancellationError()
    }
    if await awaitKiller(of: statement) { throw CancellationError() }
    return result
  }

  /// Asks the server on another connection; this one waits for its answer meanwhile.
  func stop(_ statement: Int) {
    guard isBusy, serial == statement, killer == nil, isUsable else { return }
    let text = Array("KILL QUERY \(threadId)".utf8)
    let task = Task {
      do {
        let other = try await Self.open(options, loop)
        _ = try await other.run(text)
        await other.close()
      } catch {
        giveUp(.connectionLost)
      }
    }
    killer = (statement, task)
  }

  /// - Returns: whether the statement was stopped. A wish that came too late does not hit the next
  ///   statement then.
  func awaitKiller(of statement: Int) async -> Bool {
    guard let killer, killer.statement == statement else { return false }
    await killer.task.value
    self.killer = nil
    if isUsable, !isBusy { _ = try? await run(Array("DO 0".utf8)) }
    return true
  }
}
