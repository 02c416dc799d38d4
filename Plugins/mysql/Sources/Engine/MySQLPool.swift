import EggSQL

/// Connections to one server, opened when they are needed, handed out one caller each.
final class MySQLPool {
  let options: MySQLOptions
  let loop: any MySQLLoop
  /// The one used last is the next, so that those that are not needed grow old.
  private var idle: [MySQLConnection] = []
  private var busy = 0
  private var opening = 0
  private var waiters: [Waiter] = []
  private var sweeper: (any MySQLTimer)?
  private(set) var isEnded = false
  private var ended: [UnsafeContinuation<Void, Never>] = []

  /// Says how to come in before each connection: passwords that change, for one.
  private let renewal: (@MainActor (MySQLOptions) async throws -> MySQLOptions)?

  init(
    _ options: MySQLOptions, _ loop: any MySQLLoop,
    renewal: (@MainActor (MySQLOptions) async throws -> MySQLOptions)? = nil
  ) {
    self.options = options
    self.loop = loop
    self.renewal = renewal
  }

  nonisolated deinit {}

  nonisolated struct Stats: Sendable, Equatable {
    var acquiringConnections = 0, allConnections = 0, freeConnections = 0, connectionQueue = 0
    var busyConnections = 0
  }

  var stats: Stats {
    Stats(
      acquiringConnections: opening, allConnections: idle.count + busy + opening,
      freeConnections: idle.count, connectionQueue: waiters.count, busyConnections: busy)
  }

  // MARK: acquiring

  /// A connection for the caller alone, until `release`.
  ///
  /// - Throws: `SQLError` when connecting fails, a limit is hit, or the pool is closed.
  func acquire() async throws -> MySQLConnection {
    let start = loop.nowNanoseconds
    while true {
      guard !isEnded else { throw SQLError(code: "POOL_CLOSED", "Pool is closed.") }
      if let connection = takeFree() { return connection }
      if let connection = idle.popLast() {
        busy += 1
        try? await connection.ping()
        if connection.isUsable { return connection }
        drop(connection)
        continue
      }
      if busy + opening < max(1, options.connectionLimit) { return try await open() }
      if let connection = try await wait(since: start) { return connection }
    }
  }

  /// A connection that can be used at once; nil when one has to be opened, asked or waited for.
  func takeFree() -> MySQLConnection? {
    while let connection = idle.last {
      guard options.pingAfter <= 0 || loop.time(since: connection.idleSince) < options.pingAfter
      else { return nil }
      idle.removeLast()
      busy += 1
      // The server may have hung up in this very turn of the loop; one that was in use in the same
      // turn has just been read from.
      if connection.idleSince == loop.nowNanoseconds || !connection.hasNews { return connection }
      connection.giveUp(.connectionLost)
      drop(connection)
    }
    return nil
  }

  private func drop(_ connection: MySQLConnection) {
    busy -= 1
    connection.discard()
  }

  private func open() async throws -> MySQLConnection {
    opening += 1
    do {
      let current = try await renewal?(options) ?? options
      let connection = try await MySQLConnection.open(current, loop)
      opening -= 1
      busy += 1
      connection.onLost = { [weak self, weak connection] in
        if let connection { self?.lost(connection) }
      }
      return connection
    } catch {
      opening -= 1
      // Whoever waits for this one would wait in vain: let the next try.
      wakeOne()
      checkEnd()
      throw error
    }
  }

  /// One caller that waits for a connection.
  private final class Waiter {
    var continuation: UnsafeContinuation<MySQLConnection?, any Error>?
    var timer: (any MySQLTimer)?
    nonisolated deinit {}

    func settle(_ result: Result<MySQLConnection?, any Error>) {
      timer?.cancel()
      timer = nil
      continuation.take()?.resume(with: result)
    }
  }

  /// - Returns: a connection, or nil when there may be room for one.
  private func wait(since start: UInt64) async throws -> MySQLConnection? {
    guard options.waitForConnections else {
      throw SQLError(code: "POOL_CONNLIMIT", "No connections available.")
    }
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
        limit(waiter, since: start)
      }
    } onCancel: {
      Task { @MainActor in self.drop(waiter, CancellationError()) }
    }
  }

  private func limit(_ waiter: Waiter, since start: UInt64) {
    let total = options.acquireTimeout
    let used = loop.time(since: start)
    let limits = [options.poolWaitTimeout, total > 0 ? max(1, total - used) : 0].filter { $0 > 0 }
    guard let limit = limits.min() else { return }
    waiter.timer = try? loop.timer(after: limit) { [weak self] in
      self?.drop(
        waiter,
        SQLError(code: "PoolWaitTimeoutError", "get connection timeout after \(limit)ms"))
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

  // MARK: releasing

  /// Takes a connection back. One that was left inside of a transaction is cleaned first.
  func release(_ connection: MySQLConnection) {
    guard connection.isUsable, connection.isInTransaction || connection.hasLocks else {
      return putBack(connection)
    }
    Task {
      if connection.hasLocks { _ = try? await connection.run(.unlock) }
      connection.hasLocks = false
      _ = try? await connection.run(SQLStatement("ROLLBACK"))
      if connection.isInTransaction { connection.giveUp(.connectionLost) }
      putBack(connection)
    }
  }

  private func putBack(_ connection: MySQLConnection) {
    guard connection.isUsable, !isEnded else {
      busy -= 1
      if connection.isUsable { Task { await connection.close() } } else { connection.discard() }
      wakeOne()
      return checkEnd()
    }
    if !waiters.isEmpty {
      // From hand to hand, still busy.
      return waiters.removeFirst().settle(.success(connection))
    }
    busy -= 1
    connection.idleSince = loop.nowNanoseconds
    idle.append(connection)
    sweepLater()
  }

  /// One that somebody has finds out by itself.
  private func lost(_ connection: MySQLConnection) {
    guard let place = idle.firstIndex(where: { $0 === connection }) else { return }
    idle.remove(at: place)
    connection.discard()
  }

  private func sweepLater() {
    guard sweeper == nil, options.idleTimeout > 0, let oldest = idle.first else { return }
    let age = loop.time(since: oldest.idleSince)
    sweeper = try? loop.timer(after: max(1, options.idleTimeout - age)) { [weak self] in
      self?.sweep()
    }
  }

  private func sweep() {
    sweeper = nil
    let old = idle.filter { loop.time(since: $0.idleSince) >= options.idleTimeout }
    idle.removeFirst(old.count)
    for connection in old { Task { await connection.close() } }
    sweepLater()
  }

  // MARK: the end

  /// Refuses new callers, waits for those that have a connection, and closes everything.
  func end() async {
    if !isEnded {
      isEnded = true
      sweeper?.cancel()
      sweeper = nil
      let waiting = waiters
      waiters = []
      for waiter in waiting {
        waiter.settle(.failure(SQLError(code: "POOL_CLOSED", "Pool is closed.")))
      }
      let connections = idle
      idle = []
      for connection in connections { await connection.close() }
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
