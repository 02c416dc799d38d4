/// What an executor is asked for.
public enum SQLRequest: Sendable {
  /// Its values are written into the text.
  case text(SQLStatement)
  /// Its values travel apart from the text, one for each `?`.
  case prepared(String, [SQLValue])
}

/// A statement on its way.
@MainActor public protocol SQLRunning: AnyObject {
  /// Gives it up, at the server too. It still ends: with `CancellationError`, or as it would have,
  /// when that was faster.
  func cancel()
}

/// An executor that starts statements and goes on, for callers whom a task for each would cost too much.
@MainActor public protocol SQLStarter: SQLExecutor {
  /// - Parameter done: called once; before this returns only for what could not begin.
  func start(
    _ request: SQLRequest, _ done: @escaping @MainActor (Result<SQLResult, any Error>) -> Void
  ) -> any SQLRunning
}

extension SQLExecutor {
  /// Does what is asked, in the caller's task.
  public func perform(_ request: SQLRequest) async throws -> SQLResult {
    switch request {
    case .text(let statement): try await run(statement)
    case .prepared(let sql, let parameters): try await execute(sql, parameters)
    }
  }
}

/// A statement with a task of its own: what has to wait, for a connection or for a hook.
public final class SQLTask: SQLRunning {
  private var task: Task<Void, Never>?

  /// - Parameter done: called once, after this has returned.
  public init(
    _ body: @escaping @MainActor () async throws -> SQLResult,
    _ done: @escaping @MainActor (Result<SQLResult, any Error>) -> Void
  ) {
    task = Task { @MainActor in
      let result: Result<SQLResult, any Error>
      do { result = .success(try await body()) } catch { result = .failure(error) }
      done(result)
    }
  }

  nonisolated deinit {}

  public func cancel() { task?.cancel() }
}
