import Egg
import EggRedis

/// A client of one server, or of the master that sentinels name: connects, logs in, and does so
/// again whenever the connection is lost. Commands wait meanwhile.
public final class RedisClient: RedisBackend {
  /// What the client tells those who run it.
  public enum Event: Equatable {
    case ready(Endpoint)
    case lost(RedisError)
    case failed(RedisError, attempt: Int)
  }

  private enum State { case connecting, ready, ended }

  public let options: RedisOptions
  let loop: any RedisLoop
  private let locate: ServerLocator
  public var onEvent: ((Event) -> Void)?

  private var state = State.connecting
  private var connection: Connection?
  private var wasReady = false
  private var attempts = 0
  /// Between two attempts.
  private var pausing: UnsafeContinuation<Void, Never>?
  private var pauseTimer: (any RedisTimer)?
  private var readiness: [UnsafeContinuation<RedisError?, Never>] = []

  /// Commands that wait for a connection.
  private var offline = CommandWriter()
  private let offlineReplies: ReplyQueue

  private lazy var subscriber = Subscriber(
    loop: loop, options: options, open: { [unowned self] in try await self.open() })
  private lazy var blocking = BlockingConnections(
    limit: options.blockingConnections, open: { [unowned self] in try await self.open() })

  public init(_ options: RedisOptions, loop: any RedisLoop) {
    self.options = options
    self.loop = loop
    locate = ServerLocator(options, loop)
    offlineReplies = ReplyQueue(loop, timeout: options.commandTimeout)
  }

  public var status: String {
    switch state {
    case .connecting: wasReady ? "reconnecting" : "connecting"
    case .ready: "ready"
    case .ended: "end"
    }
  }

  // MARK: the life of the connection

  /// Begins to connect, and goes on until `quit`.
  public func start() { Task { await self.keepConnected() } }

  /// Waits for the first connection.
  ///
  /// - Throws: at once when the server refuses the password or the database; the last failure
  ///   when `readyTimeout` has passed.
  public func ready() async throws {
    if state == .ready { return }
    let timer = try loop.timer(after: options.readyTimeout) { [weak self] in
      self?.settle(.connect("not ready within \(self?.options.readyTimeout ?? 0) ms"))
    }
    defer { timer.cancel() }
    let failure = await withUnsafeContinuation { readiness.append($0) }
    if let failure { throw lastFailure ?? failure }
  }

  private var lastFailure: RedisError?

  private func settle(_ failure: RedisError?) {
    let waiting = readiness
    readiness = []
    for continuation in waiting { continuation.resume(returning: failure) }
  }

  private func keepConnected() async {
    while state != .ended {
      do {
        let connection = try await open()
        guard state != .ended else { return connection.close(.closed("the client was ended")) }
        let reason = await use(connection)
        guard state != .ended else { return }
        onEvent?(.lost(reason))
      } catch {
        failed(error as? RedisError ?? .connect("\(error)"))
      }
      if state != .ended { await pause() }
    }
  }

  private func use(_ connection: Connection) async -> RedisError {
    guard connection.isOpen else { return .lost("\(connection.endpoint): ended at once") }
    attempts = 0
    wasReady = true
    lastFailure = nil
    state = .ready
    self.connection = connection
    connection.send(offline, offlineReplies)
    offline.removeAll()
    onEvent?(.ready(connection.endpoint))
    settle(nil)
    let reason = await withUnsafeContinuation { continuation in
      connection.onClose = { [weak self] reason in
        self?.connection = nil
        if self?.state == .ready { self?.state = .connecting }
        continuation.resume(returning: reason)
      }
    }
    return reason
  }

  private func failed(_ error: RedisError) {
    attempts += 1
    lastFailure = error
    onEvent?(.failed(error, attempt: attempts))
    // More attempts do not make a wrong password right.
    if !wasReady, error.isRefusal { settle(error) }
    let limit = options.maxRetriesPerRequest
    guard limit > 0, attempts % limit == 0 else { return }
    offline.removeAll()
    offlineReplies.removeAll(
      RedisError(code: error.code, "\(error.message) (\(attempts) attempts)"))
  }

  private func pause() async {
    let product = options.retryDelay.multipliedReportingOverflow(by: max(1, attempts))
    let delay = product.overflow ? options.maxRetryDelay : product.partialValue
    await withUnsafeContinuation { (continuation: UnsafeContinuation<Void, Never>) in
      pausing = continuation
      pauseTimer = try? loop.timer(after: min(delay, options.maxRetryDelay)) { [weak self] in
        self?.endPause()
      }
      if pauseTimer == nil { endPause() }
    }
  }

  private func endPause() {
    pauseTimer?.cancel()
    pauseTimer = nil
    let pausing = pausing
    self.pausing = nil
    pausing?.resume()
  }

  /// A connection that is logged in.
  func open() async throws -> Connection {
    let endpoint = try await locate.endpoint()
    let connection = Connection(
      endpoint, tls: options.tls, loop: loop, commandTimeout: options.commandTimeout)
    try await connection.open(timeout: options.connectTimeout)
    do throws(RedisError) {
      try await Greeting(options).run(on: connection, loop)
      try await locate.verify(connection)
      return connection
    } catch {
      connection.close(error)
      throw RedisError(code: error.code, "\(endpoint): \(error.message)")
    }
  }

  // MARK: commands

  public func call(_ name: String, _ arguments: [Value]) async throws -> Value {
    try await reply(name, arguments).get()
  }

  func reply(_ name: String, _ arguments: [Value]) async throws(RedisError) -> Reply {
    let traits = CommandTraits(name, arguments)
    if let refusal = traits.refusal { throw refusal }
    let arguments = traits.prefixed(arguments, options.keyPrefix)
    if traits.blocks { return try await blocking.reply(name, arguments) }
    return await withUnsafeContinuation { enqueue(name, arguments, .task($0)) }
  }

  /// One command, answered to `waiter` sooner or later.
  func enqueue(_ name: String, _ arguments: [Value], _ waiter: Waiter) {
    if let connection {
      if !connection.send(name, arguments, waiter) {
        waiter.take(.failure(.queue("too much is waiting for \(connection.endpoint)")))
      }
      return
    }
    if let refusal = offlineRefusal(adding: 1) { return waiter.take(.failure(refusal)) }
    offline.write(name, arguments)
    offlineReplies.append(waiter)
  }

  private func offlineRefusal(adding count: Int) -> RedisError? {
    if state == .ended { return .closed("the client was ended") }
    let reason = lastFailure.map { ": \($0.message)" } ?? ""
    guard options.enableOfflineQueue else {
      return .queue("\(options.endpoint) is not connected, and enableOfflineQueue is off\(reason)")
    }
    guard offlineReplies.count + count <= options.offlineQueueLimit,
      offline.count < Connection.writeLimit
    else {
      return .queue(
        "\(options.endpoint) is not connected, and \(offlineReplies.count) commands wait "
          + "already (offlineQueueLimit)\(reason)")
    }
    return nil
  }

  public func batch(_ commands: [[Value]], atomic: Bool) async throws
    -> [Result<Value, RedisError>]?
  {
    let batch = try CommandBatch(commands, keyPrefix: options.keyPrefix)
    if connection == nil, let refusal = offlineRefusal(adding: commands.count + 2) {
      throw refusal
    }
    return try await batch.run(atomic: atomic) { enqueue($0, $1, $2) }
  }

  // MARK: others

  public func subscribe(
    _ kind: RedisChannelKind, _ names: [String],
    _ receive: @escaping @MainActor (RedisMessage) -> Void
  ) async throws -> any RedisListening {
    guard state != .ended else { throw RedisError.closed("the client was ended") }
    return try await subscriber.listen(kind, names, receive)
  }

  public func duplicate() async throws -> any RedisBackend {
    let client = RedisClient(options, loop: loop)
    client.onEvent = onEvent
    client.start()
    try await client.ready()
    return client
  }

  public func quit() async {
    guard state != .ended else { return }
    let connection = connection
    state = .ended
    if let connection, connection.isOpen { _ = try? await connection.call("QUIT") }
    end()
  }

  /// Ends at once; whoever waits gets an error.
  public func end() {
    let error = RedisError.closed("the client was ended")
    state = .ended
    connection?.close(error)
    connection = nil
    offline.removeAll()
    offlineReplies.removeAll(error)
    subscriber.end(error)
    blocking.end(error)
    settle(error)
    endPause()
  }
}

extension RedisError {
  /// The server answered, and will answer the same next time.
  nonisolated var isRefusal: Bool {
    ["WRONGPASS", "NOAUTH", "NOPERM", "DENIED", "ERR", "NOPROTO"].contains(code)
  }
}
