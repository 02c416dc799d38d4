internal import CEggSocketIO
internal import Egg

/// What this unit keeps of a socket: its handlers.
final class SocketCore {
  let client: Client
  let number: UInt64
  private(set) lazy var id = String(decoding: client.query(number, EGG_IO_ID), as: UTF8.self)
  private(set) lazy var namespace = String(
    decoding: client.query(number, EGG_IO_NSP), as: UTF8.self)

  /// Those at once have no task of their own.
  enum Handler {
    case atOnce((Arguments) throws -> Void)
    case answeringAtOnce((Arguments, Acknowledgement) throws -> Void)
    case waiting((Arguments) async throws -> Void)
    case answering((Arguments, Acknowledgement) async throws -> Void)
    /// Gone when the first event comes.
    indirect case once(Int, String, Handler)
  }

  typealias AnyHandler = (String, Arguments) async throws -> Void

  private var handlers = HandlerTable<Handler>()
  private var any: [(listener: AnyListener, body: AnyHandler)] = []
  /// Of what goes to the client.
  private var anyOutgoing: [(listener: AnyListener, body: AnyHandler)] = []
  private var lastNumber = 0
  private var isRemembered = false
  private var upgrade: [() -> Void] = []
  /// What the plugin tells of this socket besides: 1 is what goes out, 2 the upgrade.
  private var watched: UInt32 = 0
  private var middlewares: [([Value]) throws -> Void] = []

  init(_ client: Client, _ number: UInt64) {
    self.client = client
    self.number = number
  }

  func json(_ what: Int) -> Value { (try? Value(json: client.query(number, what))) ?? .undefined }

  // MARK: handlers

  func on(_ event: String, _ handler: Handler) {
    remember()
    handlers.add(event, handler)
  }

  func once(_ event: String, _ handler: Handler) {
    lastNumber += 1
    on(event, .once(lastNumber, event, handler))
  }

  func off(_ event: String) { handlers.remove(event) }

  func onAny(_ handler: @escaping AnyHandler, isFirst: Bool, isOutgoing: Bool) -> AnyListener {
    remember()
    lastNumber += 1
    let listener = AnyListener(number: lastNumber)
    if isOutgoing {
      watch(1)
      anyOutgoing.insert((listener, handler), at: isFirst ? 0 : anyOutgoing.count)
    } else {
      any.insert((listener, handler), at: isFirst ? 0 : any.count)
    }
    return listener
  }

  /// - Parameter listener: nil: all.
  func offAny(_ listener: AnyListener?, isOutgoing: Bool) {
    if isOutgoing {
      anyOutgoing.removeAll { listener == nil || $0.listener == listener }
    } else {
      any.removeAll { listener == nil || $0.listener == listener }
    }
  }

  func onUpgrade(_ handler: @escaping () -> Void) {
    remember()
    upgrade.append(handler)
    watch(2)
  }

  func upgraded() { for handler in upgrade { handler() } }

  private func watch(_ what: UInt32) {
    guard watched & what == 0 else { return }
    watched |= what
    client.watch(number, what)
  }

  func use(_ middleware: @escaping ([Value]) throws -> Void) {
    remember()
    middlewares.append(middleware)
  }

  private func remember() {
    guard !isRemembered else { return }
    isRemembered = true
    // The name is asked while the socket is there; handlers of its end want it too.
    _ = id
    _ = namespace
    client.listen(namespace, EGG_IO_WANTS_EVENTS)
    client.keep(self)
  }

  // MARK: events

  func message(_ name: UnsafeRawBufferPointer, _ args: egg_io_args, _ ack: Int64) {
    let handlers = handlers[name]
    if handlers.isEmpty, any.isEmpty, middlewares.isEmpty { return }
    do {
      if !middlewares.isEmpty {
        let packet = try args.values()
        for middleware in middlewares { try middleware(packet) }
      }
      let arguments = Arguments(try args.values(skipping: 1))
      if !any.isEmpty {
        let name = String(decoding: name, as: UTF8.self)
        for handler in any { run { try await handler.body(name, arguments) } }
      }
      run(handlers, arguments, ack)
    } catch {
      report(error)
    }
  }

  private func run(_ handlers: [Handler], _ arguments: Arguments, _ ack: Int64 = -1) {
    // One for all, as one answer counts.
    lazy var answer = Acknowledgement(client, number, ack)
    for handler in handlers {
      switch handler {
      case .atOnce(let body):
        do { try body(arguments) } catch { report(error) }
      case .answeringAtOnce(let body):
        do { try body(arguments, answer) } catch { report(error) }
      case .once(let number, let event, let inner):
        self.handlers.remove(event) {
          if case .once(number, _, _) = $0 { true } else { false }
        }
        run([inner], arguments, ack)
      case .waiting(let body): run { try await body(arguments) }
      case .answering(let body):
        let answer = answer
        run { try await body(arguments, answer) }
      }
    }
  }

  /// An event is sent to the client.
  func outgoing(_ name: String, _ args: egg_io_args) {
    guard !anyOutgoing.isEmpty, let values = try? args.values(skipping: 1) else { return }
    let arguments = Arguments(values)
    for handler in anyOutgoing { run { try await handler.body(name, arguments) } }
  }

  /// `disconnecting`, `disconnect`, `error`.
  func system(_ event: String, _ reason: String) {
    let handlers = handlers[event]
    if !handlers.isEmpty { run(handlers, Arguments([.text(reason)])) }
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
    if !handlers["error"].isEmpty {
      system("error", failure.message)
    } else {
      client.app.logger.error(failure)
    }
  }

  /// The name that an event is sent by.
  func checked(_ event: String) -> String {
    switch event {
    case "connect", "connect_error", "disconnect", "disconnecting", "newListener",
      "removeListener":
      client.app.logger.error(
        EggError(
          code: "EGG_SOCKETIO_RESERVED",
          "socket.emit(\"\(event)\"): the name is the library's own, clients end the connection on it"
        ))
      return "_\(event)"
    default: return event
    }
  }
}
