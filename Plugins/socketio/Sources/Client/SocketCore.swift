internal import CEggSocketIO
internal import Egg

/// What this unit keeps of a socket: its handlers.
final class SocketCore {
  let client: Client
  let number: UInt64
  private(set) lazy var id = String(decoding: client.query(number, EGG_IO_ID), as: UTF8.self)
  private(set) lazy var namespace = String(
    decoding: client.query(number, EGG_IO_NSP), as: UTF8.self)

  enum Handler {
    case plain((Arguments) async throws -> Void)
    case answering((Arguments, Acknowledgement) async throws -> Void)
  }

  private var handlers: [String: [Handler]] = [:]
  private var any: [(String, Arguments) async throws -> Void] = []
  private var middlewares: [([Value]) throws -> Void] = []

  init(_ client: Client, _ number: UInt64) {
    self.client = client
    self.number = number
  }

  func json(_ what: Int) -> Value { (try? Value(json: client.query(number, what))) ?? .undefined }

  // MARK: handlers

  func on(_ event: String, _ handler: @escaping (Arguments) async throws -> Void) {
    remember()
    handlers[event, default: []].append(.plain(handler))
  }

  func on(
    _ event: String, _ handler: @escaping (Arguments, Acknowledgement) async throws -> Void
  ) {
    remember()
    handlers[event, default: []].append(.answering(handler))
  }

  func off(_ event: String) { handlers[event] = nil }

  func onAny(_ handler: @escaping (String, Arguments) async throws -> Void) {
    remember()
    any.append(handler)
  }

  func use(_ middleware: @escaping ([Value]) throws -> Void) {
    remember()
    middlewares.append(middleware)
  }

  private func remember() {
    // The name is asked while the socket is there; handlers of its end want it too.
    _ = id
    _ = namespace
    client.listen(namespace, EGG_IO_WANTS_EVENTS)
    client.keep(self)
  }

  // MARK: events

  func message(_ name: String, _ args: egg_io_args, _ ack: Int64) {
    let handlers = handlers[name]
    if handlers == nil, any.isEmpty, middlewares.isEmpty { return }
    guard let packet = try? args.values() else { return }
    do {
      for middleware in middlewares { try middleware(packet) }
    } catch {
      return report(error)
    }
    let arguments = Arguments(Array(packet.dropFirst()))
    for handler in any { run { try await handler(name, arguments) } }
    guard let handlers else { return }
    let answer = Acknowledgement(client, number, ack)
    for handler in handlers {
      switch handler {
      case .plain(let body): run { try await body(arguments) }
      case .answering(let body): run { try await body(arguments, answer) }
      }
    }
  }

  /// `disconnecting`, `disconnect`, `error`.
  func system(_ event: String, _ reason: String) {
    guard let handlers = handlers[event] else { return }
    let arguments = Arguments([.text(reason)])
    let answer = Acknowledgement(client, number, -1)
    for handler in handlers {
      switch handler {
      case .plain(let body): run { try await body(arguments) }
      case .answering(let body): run { try await body(arguments, answer) }
      }
    }
  }

  /// Starts a handler, and counts it while it waits for something.
  private func run(_ body: @escaping () async throws -> Void) {
    let state = Running()
    Task.immediate {
      do { try await body() } catch { self.report(error) }
      state.isOver = true
      if state.isCounted { self.client.running(self.number, -1) }
    }
    guard !state.isOver else { return }
    state.isCounted = true
    client.running(number, 1)
  }

  private final class Running {
    var isOver = false
    var isCounted = false
  }

  /// A handler's mistake, or a packet that a middleware refused.
  func report(_ error: any Error) {
    let failure = EggError(error)
    let data = failure.properties["data"] ?? .undefined
    client.fail(number, data.exists ? data : .text(failure.message))
    if handlers["error"] != nil {
      system("error", failure.message)
    } else {
      client.app.logger.error(failure)
    }
  }

  /// The name in front of an event's arguments.
  func checked(_ event: String) -> [Value] {
    switch event {
    case "connect", "connect_error", "disconnect", "disconnecting", "newListener",
      "removeListener":
      client.app.logger.error(
        EggError(
          code: "EGG_SOCKETIO_RESERVED",
          "socket.emit(\"\(event)\"): the name is the library's own, clients end the connection on it"
        ))
      return [.text("_\(event)")]
    default: return [.text(event)]
    }
  }
}
