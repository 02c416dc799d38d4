import EggSQL

/// Connections of one kind, opened when they are needed, handed out one caller each.
final class SQLiteLane {
  private let options: SQLiteOptions
  private let loop: any SQLiteLoop
  private let role: SQLiteConnection.Role
  private let limit: Int
  private var idle: [SQLiteConnection] = []
  private(set) var busy = 0
  private(set) var opening = 0
  private var waiters: [Waiter] = []
  private var isEnded = false
  private var ended: [UnsafeContinuation<Void, Never>] = []

  init(
    _ options: SQLiteOptions, _ loop: any SQLiteLoop, _ role: SQLiteConnection.Role, limit: Int
  ) {
    self.options = options
    self.loop = loop
    self.role = role
    self.limit = limit
  }

  nonisolated deinit {}

  var free: Int { idle.count }
  var waiting: Int { waiters.count }

  private final class Waiter {
    var continuation: UnsafeContinuation<SQLiteConnection?, any Error>?
    var cancelTimer: (@MainActor () -> Void)?
    nonisolated deinit {}

    func settle(_ result: Result<SQLiteConnection?, any Error>) {
      cancelTimer?()
      cancelTimer = nil
      continuation.take()?.resume(with: result)
    }
  }

  /// A connection for the caller alone, until `release`.
  ///
  /// - Throws: `SQLError` when the file cannot be opened, a limit is hit, or everything is closed.
  func acquire() async throws -> SQLiteConnection {
    while true {
      guard !isEnded else { throw SQLError(code: "POOL_CLOSED", "Pool is closed.") }
      if let connection = idle.popLast() {
        busy += 1
        return connection
      }
      if busy + opening < limit { return try await open() }
      if let connection = try await wait() { return connection }
    }
  }

  private func open() async throws -> SQLiteConnection {
    opening += 1
    let (options, role) = (options, role)
    do {
      let connection = try await loop.run { try SQLiteConnection(options, role) }
      opening -= 1
      busy += 1
      return connection
    } catch {
      opening -= 1
      wakeOne()
      checkEnd()
      throw error
    }
  }

  private func wait() async throws -> SQLiteConnection? {
    guard options.queueLimit <= 0 || waiters.count < options.queueLimit else {
      throw SQLError(code: "POOL_ENQUEUELIMIT", "Queue limit reached.")
    }
    let waiter = Waiter()
    return try await withTaskCancellationHandler {
      try await withUnsafeThrowingContinuation { continuation in
        guard !Task.isCancelled else {
          return continuation.resume(throwing: CancellationError())
        }
        waiter.continuation = continuation
        waiters.append(waiter)
        let limit = options.poolWaitTimeout
        guard limit > 0 else { return }
        waiter.cancelTimer = try? loop.timer(after: limit) { [weak self] in
          self?.drop(
            waiter,
            SQLError(code: "PoolWaitTimeoutError", "get connection timeout after \(limit)ms"))
        }
      }
    } onCancel: {
      Task { @MainActor in self.drop(waiter, CancellationError()) }
    }
  }

  private func drop(_ waiter: Waiter, _ error: any Error) {
    waiters.removeAll { $0 === waiter }
    waiter.settle(.failure(error))
  }

  private func wakeOne() {
    guard !waiters.isEmpty else { return }
    waiters.removeFirst().settle(.success(nil))
  }

  /// Takes a connection back. One that was left inside of a transaction is rolled back first.
  func release(_ connection: SQLiteConnection) {
    guard connection.isInTransaction else { return putBack(connection) }
    Task {
      do {
        try await loop.run { try connection.rollback() }
        putBack(connection)
      } catch {
        // Its state is not known; another one is opened in its place.
        busy -= 1
        wakeOne()
        checkEnd()
      }
    }
  }

  private func putBack(_ connection: SQLiteConnection) {
    if isEnded {
      busy -= 1
      close(connection)
      return checkEnd()
    }
    if !waiters.isEmpty { return waiters.removeFirst().settle(.success(connection)) }
    busy -= 1
    idle.append(connection)
  }

  /// Closing may write the log back into the file, which takes its time.
  private func close(_ connection: SQLiteConnection) {
    let loop = loop
    Task { try? await loop.run { _ = connection } }
  }

  /// Refuses new callers, and waits for those that have a connection.
  func end() async {
    if !isEnded {
      isEnded = true
      let waiting = waiters
      waiters = []
      for waiter in waiting {
        waiter.settle(.failure(SQLError(code: "POOL_CLOSED", "Pool is closed.")))
      }
      idle = []
    }
    guard busy + opening > 0 else { return }
    await withUnsafeContinuation { ended.append($0) }
  }

  private func checkEnd() {
    guard isEnded, busy + opening == 0 else { return }
    for continuation in ended { continuation.resume() }
    ended = []
  }
}
