import CEggSocketIO
import Egg
import EggEngineIO
import EngineIO
import PluginABI
import SocketIO
import SocketIORedisBridge

/// The plugin's heart: sockets of the server on one side, listeners, middlewares and controllers of
/// the units on the other.
final class Hub: SocketHandler {
  let app: Application
  private(set) var endpoint: EngineEndpoint?
  private(set) var server: SocketServer?
  private(set) var bundle: ClientBundle?
  /// The connection to other servers; nil without `config.io.redis`.
  private(set) var bridge: RedisBridge?
  /// The table of "socketio.server/1".
  private(set) lazy var interface = Interface.make(self)
  /// Those of `app/io/middleware`, by name.
  var middlewares: [String: SocketMiddleware] = [:]
  private var settings: IOSettings?
  private lazy var hasSession = app.plugins.contains { $0.kind == .plugin && $0.name == "session" }
  private var setups: [String: NamespaceSetup] = [:]
  private var parents: [(listener: UInt32, id: UInt64, wants: egg_io_wants)] = []
  private(set) var listeners: [Listener] = []
  private var admissions: [Int64: UnsafeContinuation<Admission, Never>] = [:]
  private var lastAdmission: Int64 = 0
  /// Questions of other servers that this one has not answered.
  private var serverAnswers: [Int64: (EventArguments) -> Void] = [:]

  private lazy var questions = EngineQuestions(self)

  enum Admission {
    /// - Parameter data: what was asked for, as JSON text; nil: nothing.
    case admitted(data: [UInt8]? = nil)
    case refused(message: String, data: [UInt8]?)
  }

  init(_ app: Application) { self.app = app }

  private var lentText = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  /// Bytes that stay until this is called again.
  func lent(_ bytes: [UInt8]) -> egg_str {
    lentText.deallocate()
    lentText = .allocate(byteCount: bytes.count, alignment: 1)
    lentText.copyBytes(from: bytes)
    return text(UnsafeRawBufferPointer(lentText))
  }

  // MARK: the start

  func configure(_ settings: IOSettings) throws {
    self.settings = settings
    for warning in settings.warnings { app.coreLogger.warn(warning) }
    let endpoint = EngineEndpoint(app, settings.engine)
    let server = SocketServer(
      endpoint.server, limits: settings.limits, recovery: settings.recovery)
    server.handler = self
    if app.config.io.redis.exists {
      let bridge = try RedisBridge(app.config.io.redis, app: app)
      server.makeAdapter = { bridge.adapter($0) }
      self.bridge = bridge
    }
    if let path = settings.clientBundle {
      bundle = try ClientBundle(path, baseDir: app.baseDir, below: settings.engine.path)
    }
    self.endpoint = endpoint
    self.server = server
    questions.attach()
    server.namespace("/")
    for name in settings.namespaces.keys { server.namespace(name) }
  }

  /// - Throws: `EggError` for a name in `config.io` that no file has.
  func checkMiddlewares() throws {
    for (name, names) in settings?.namespaces ?? [:] {
      // What the router has added stands behind.
      let setup = setup(name)
      setup.connection = try names.connection.map(middleware) + setup.connection
      setup.packet = try names.packet.map(middleware) + setup.packet
    }
  }

  private func middleware(_ name: String) throws -> SocketMiddleware {
    if let found = middlewares[name] { return found }
    throw EggError(
      code: "EGG_SOCKETIO_MIDDLEWARE",
      "can't find middleware: \(name) ! (config.io.namespace or a router names it; expected"
        + " app/io/middleware/\(name).swift in a unit, known are"
        + " \(middlewares.keys.sorted().joined(separator: ", ")))")
  }

  /// Puts a middleware around connections or packets of a namespace.
  func use(_ namespace: String, _ kind: String, _ name: String) throws {
    let setup = kept(namespace)
    switch kind {
    case "connection": setup.connection.append(try middleware(name))
    case "packet": setup.packet.append(try middleware(name))
    default: throw EggError("app.io.use: expected \"connection\" or \"packet\", found \"\(kind)\"")
    }
  }

  /// The same of a namespace that stays, as something is said of it by its name.
  private func kept(_ name: String) -> NamespaceSetup {
    guard let server else { return setup(name) }
    let namespace = namespace(name, server)
    namespace.keep()
    return setup(namespace.name)
  }

  /// Of the namespace of this name, made if need be.
  private func setup(_ name: String) -> NamespaceSetup {
    if let known = setups[name] { return known }
    let made = NamespaceSetup()
    setups[name] = made
    return made
  }

  /// Kept with the namespace, as it is asked for at every event.
  private func setup(of namespace: Namespace) -> NamespaceSetup? {
    if let known = namespace.owner { return unsafeDowncast(known, to: NamespaceSetup.self) }
    let found = setups[namespace.name]
    namespace.owner = found
    return found
  }

  func attach(_ listener: Listener) -> UInt32 {
    listeners.append(listener)
    return UInt32(listeners.count - 1)
  }

  func listen(_ name: String, _ listener: UInt32, _ wants: egg_io_wants) {
    if Int(wants) & EngineQuestions.wants != 0 { return questions.add(listener, Int(wants)) }
    guard let server else { return setup(name).want(wants, listener) }
    let namespace = namespace(name, server)
    if Int(wants) & EGG_IO_WANTS_KEPT != 0 { namespace.keep() }
    setup(namespace.name).want(wants, listener)
  }

  func listen(parent: UInt64, _ listener: UInt32, _ wants: egg_io_wants) {
    parents.removeAll { $0.listener == listener && $0.id == parent }
    parents.append((listener, parent, wants))
  }

  func route(_ namespace: String, _ event: String, _ route: NamespaceSetup.Route) {
    let setup = kept(namespace)
    if setup.routes[event] == nil { setup.routes[event] = route }
  }

  // MARK: namespaces on demand

  func makes(_ namespace: String, auth: [UInt8]) -> Bool {
    let setup = setups[namespace] ?? NamespaceSetup()
    var isThere = false
    for parent in parents where listeners[Int(parent.listener)].matches(parent.id, namespace, auth)
    {
      setup.want(parent.wants, parent.listener)
      isThere = true
    }
    if isThere { setups[namespace] = setup }
    return isThere
  }

  func emptied(_ namespace: Namespace) {
    setups[namespace.name] = nil
    for listener in listeners { listener.emptied(namespace.name) }
  }

  /// The namespace of this name, made if need be: one on demand goes again when nobody comes.
  func namespace(_ name: String, _ server: SocketServer) -> Namespace {
    let name = name.hasPrefix("/") ? name : "/" + name
    if let known = server.namespaces[name] { return known }
    guard makes(name, auth: []) else { return server.namespace(name) }
    return server.namespace(name, isDynamic: true)
  }

  // MARK: connections

  func admit(_ socket: Socket) {
    let setup = setup(of: socket.namespace) ?? NamespaceSetup()
    socket.owner = SocketState()
    let isKnown = socket.isRecovered && settings?.recovery?.skipMiddlewares == true
    if isKnown || setup.admitters.isEmpty && setup.connection.isEmpty {
      socket.accept()
      return
    }
    Task.immediate { await self.decide(socket, setup) }
  }

  private func state(_ socket: Socket) -> SocketState? { socket.owner as? SocketState }

  /// Runs the connection middlewares around the whole life of the connection.
  private func decide(_ socket: Socket, _ setup: NamespaceSetup) async {
    do {
      for listener in setup.admitters {
        guard socket.state == .pending else { return }
        if case .refused(let message, let data) = await ask(listener, socket) {
          return socket.refuse(message, data: data)
        }
      }
      if !setup.connection.isEmpty, let state = state(socket) {
        let ctx = try await context(Visit(socket), state)
        try await run(setup.connection[...], ctx) {
          guard socket.accept() else { return }
          await state.ended()
        }
      }
      // Returning without `next()` lets the client in.
      socket.accept()
    } catch {
      let failure = EggError(error)
      app.coreLogger.error(failure)
      socket.refuse(failure.message, data: Self.data(of: failure))
    }
  }

  private func ask(_ listener: UInt32, _ socket: Socket) async -> Admission {
    await settled { listeners[Int(listener)].event(EGG_IO_ADMIT, socket, ack: $0) }
  }

  /// Asks about a request of the engine.
  func ask(
    _ listener: UInt32, _ kind: Int, _ facts: EventArguments, name: String = ""
  ) async -> Admission {
    await settled { listeners[Int(listener)].request(kind, name, facts, ack: $0) }
  }

  /// Waits for what `settle` of the interface says.
  private func settled(_ start: (_ number: Int) -> Void) async -> Admission {
    lastAdmission += 1
    let number = lastAdmission
    return await withUnsafeContinuation { continuation in
      admissions[number] = continuation
      start(Int(number))
    }
  }

  /// From now on a listener is told what a socket sends, or that it has changed to WebSocket.
  func watch(_ socket: Socket, _ listener: UInt32, _ what: UInt32) {
    let listener = listeners[Int(listener)]
    if what & 1 != 0 {
      socket.outgoing.append { [unowned socket] json, attachments in
        listener.outgoing(socket, json, attachments)
      }
    }
    if what & 2 != 0 {
      socket.upgraded.append { [unowned socket] in listener.event(EGG_IO_UPGRADE, socket) }
    }
  }

  func settle(_ number: Int64, _ admission: Admission) -> Bool {
    guard let continuation = admissions.removeValue(forKey: number) else { return false }
    continuation.resume(returning: admission)
    return true
  }

  /// `data` of an error, as JSON text for the client.
  static func data(of failure: EggError) -> [UInt8]? {
    guard let data = failure.properties["data"], data.exists else { return nil }
    return data.jsonBytes
  }

  /// With the session of the first request, also when a store has it.
  private func context(_ visit: Visit, _ state: SocketState) async throws -> Context {
    let ctx = try app.createAnonymousContext(state.request(of: visit.socket))
    ctx.ip = visit.socket.session.handshake.address
    ctx[VisitKey.self] = visit
    if hasSession { try await ctx.call("sessionLoad") }
    return ctx
  }

  private func run(
    _ chain: ArraySlice<SocketMiddleware>, _ ctx: Context,
    _ bottom: @escaping @MainActor () async throws -> Void
  ) async throws {
    guard let first = chain.first else { return try await bottom() }
    try await first(ctx) { try await self.run(chain.dropFirst(), ctx, bottom) }
  }

  func connected(_ socket: Socket) {
    for listener in listening(socket) { listener.event(EGG_IO_CONNECTION, socket) }
  }

  private func listening(_ socket: Socket) -> [Listener] {
    (setup(of: socket.namespace)?.listeners ?? []).map { listeners[Int($0)] }
  }

  // MARK: other servers

  func received(
    _ namespace: Namespace, _ arguments: EventArguments, answer: ((EventArguments) -> Void)?
  ) {
    guard let setup = setup(of: namespace),
      let name = (try? Value(json: arguments.json))?[0].string
    else { return }
    var number = -1
    if let answer {
      lastAdmission += 1
      number = Int(lastAdmission)
      serverAnswers[lastAdmission] = answer
    }
    for listener in setup.listeners {
      listeners[Int(listener)].server(namespace.name, name, arguments, ack: number)
    }
  }

  /// The first answer counts.
  func answerServer(_ number: Int64, _ arguments: EventArguments) -> Bool {
    guard let answer = serverAnswers.removeValue(forKey: number) else { return false }
    answer(arguments)
    return true
  }

  // MARK: packets

  func received(_ socket: Socket, _ event: Event) {
    guard let setup = setup(of: socket.namespace) else { return }
    if setup.packet.isEmpty,
      setup.routes.isEmpty || setup.routes[String(decoding: event.name, as: UTF8.self)] == nil
    {
      for listener in setup.listeners { listeners[Int(listener)].message(socket, event) }
      return
    }
    let json = Array(event.json)
    let attachments = event.attachments
    socket.count(handlers: 1)
    Task.immediate {
      await self.handle(socket, setup, json, attachments, event.ack)
      socket.count(handlers: -1)
    }
  }

  private func handle(
    _ socket: Socket, _ setup: NamespaceSetup, _ json: [UInt8], _ attachments: [[UInt8]], _ ack: Int
  ) async {
    guard let state = state(socket) else { return }
    do {
      let packet = try BinaryValues.values(json, attachments)
      let visit = Visit(socket, packet: .list(packet), ack: ack)
      let ctx = try await context(visit, state)
      try await run(setup.packet[...], ctx) {
        try await self.dispatch(socket, setup, ctx, visit, json, attachments)
      }
    } catch {
      report(error, socket)
    }
  }

  private func dispatch(
    _ socket: Socket, _ setup: NamespaceSetup, _ ctx: Context, _ visit: Visit, _ json: [UInt8],
    _ attachments: [[UInt8]]
  ) async throws {
    guard var name = visit.packet[0].string ?? visit.packet[0].int.map(String.init) else { return }
    if !setup.listeners.isEmpty {
      let arguments =
        visit.isChanged
        ? BinaryValues.arguments(visit.packet.array ?? [])
        : EventArguments(json: json, attachments: attachments)
      arguments.json.withUnsafeBytes { bytes in
        name.withUTF8 { name in
          let event = Event(
            name: UnsafeRawBufferPointer(name), json: bytes, attachments: arguments.attachments,
            ack: visit.ack)
          for listener in setup.listeners { listeners[Int(listener)].message(socket, event) }
        }
      }
    }
    guard let route = setup.routes[name] else { return }
    if visit.ack >= 0 { socket.owe(visit.ack) }
    do {
      let result = try await route.controller.invoke(route.action, ctx: ctx)
      if visit.ack >= 0 {
        socket.settle(visit.ack, result.isUndefined ? nil : BinaryValues.arguments([result]))
      }
    } catch {
      if visit.ack >= 0 { socket.settle(visit.ack, nil) }
      var failure = EggError(error)
      failure.message = "[egg-socket.io] controller execute error: \(failure.message)"
      throw failure
    }
  }

  private func report(_ error: any Error, _ socket: Socket) {
    let failure = EggError(error)
    app.coreLogger.error(failure)
    socket.sendError(Self.data(of: failure) ?? Value.text(failure.message).jsonBytes)
    for listener in listening(socket) { listener.event(EGG_IO_ERROR, socket, failure.message) }
    system("error", socket, failure.message)
  }

  // MARK: the end

  func failed(_ socket: Socket, _ message: String) {
    for listener in listening(socket) { listener.event(EGG_IO_ERROR, socket, message) }
    system("error", socket, message)
  }

  func disconnecting(_ socket: Socket, _ reason: String) {
    for listener in listening(socket) { listener.event(EGG_IO_DISCONNECTING, socket, reason) }
    system("disconnecting", socket, reason)
  }

  func ended(_ socket: Socket, _ reason: String, wasConnected: Bool) {
    if wasConnected {
      for listener in listening(socket) { listener.event(EGG_IO_DISCONNECT, socket, reason) }
      system("disconnect", socket, reason)
    }
    state(socket)?.end()
  }

  /// Events of the server itself are routed too, without packet middlewares.
  private func system(_ event: String, _ socket: Socket, _ reason: String) {
    guard let route = setup(of: socket.namespace)?.routes[event], let state = state(socket) else {
      return
    }
    Task.immediate {
      do {
        let visit = Visit(socket, packet: .list([.text(event), .text(reason)]))
        let ctx = try await self.context(visit, state)
        try await route.controller.invoke(route.action, ctx: ctx)
      } catch {
        self.app.coreLogger.error(EggError(error))
      }
    }
  }
}
