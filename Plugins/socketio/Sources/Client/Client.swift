internal import CEggSocketIO
internal import Egg

/// This unit's end of "socketio.server/1".
final class Client {
  let app: Application
  /// nil: the plugin is not on, which stops the start.
  private let table: UnsafePointer<egg_socketio>?
  private let object: ForeignObject?
  private(set) var listener: UInt32 = 0

  /// Handlers by namespace.
  private var handlers: [String: NamespaceHandlers] = [:]
  private var parents: [(matches: (String, Value) -> Bool, handlers: NamespaceHandlers)] = []
  private var sockets: [UInt64: SocketCore] = [:]
  private var requests: [UInt64: (String, [Value]) -> Void] = [:]
  private var lastRequest: UInt64 = 0
  let engine = EngineHandlers()

  init(_ app: Application) {
    self.app = app
    object = app.extension("io").foreign
    table = object?.interface(EGG_SOCKETIO_ID)?.assumingMemoryBound(to: egg_socketio.self)
    attach()
  }

  var isMissing: Bool { table == nil }

  private var this: UnsafeMutableRawPointer? { table?.pointee.`self` ?? nil }

  private func attach() {
    var listener = egg_io_listener()
    listener.size = UInt32(MemoryLayout<egg_io_listener>.size)
    // Both live as long as the process.
    listener.`self` = Unmanaged.passRetained(self).toOpaque()
    listener.event = clientEvent
    listener.answered = clientAnswered
    listener.matches = clientMatches
    self.listener = table?.pointee.attach(this, &listener) ?? 0
  }

  // MARK: namespaces

  func handlers(_ name: String) -> NamespaceHandlers {
    if let known = handlers[name] { return known }
    let made = NamespaceHandlers()
    handlers[name] = made
    return made
  }

  func listen(_ name: String, _ wants: Int) {
    withBytes(name) { _ = table?.pointee.listen(this, listener, $0, UInt32(wants)) }
  }

  func addParent(_ matches: @escaping (String, Value) -> Bool) -> (Int, NamespaceHandlers) {
    let handlers = NamespaceHandlers()
    parents.append((matches, handlers))
    return (parents.count, handlers)
  }

  func listen(parent: Int, _ wants: Int) {
    _ = table?.pointee.listen_parent(this, listener, UInt64(parent), UInt32(wants))
  }

  fileprivate func matches(_ parent: UInt64, _ name: String, _ auth: egg_str) -> Bool {
    guard parent >= 1, parent <= UInt64(parents.count) else { return false }
    let parent = parents[Int(parent) - 1]
    let value = auth.len == 0 ? [:] : (try? Value(json: auth.array)) ?? [:]
    guard parent.matches(name, value) else { return false }
    handlers(name).inherit(parent.handlers)
    return true
  }

  func route(_ namespace: String, _ event: String, _ action: Action) {
    call("route") { [.text(namespace), .text(event), try action.exported()] }
  }

  func use(_ namespace: String, _ kind: String, _ middleware: ContributedMiddleware) {
    call("use") { [.text(namespace), .text(kind), .text(middleware.name)] }
  }

  private func call(_ method: String, _ args: @escaping () throws -> [Value]) {
    guard let object else { return }
    // Nothing in it waits, so it has happened when this returns.
    Task.immediate {
      do {
        try await object.invoke(method, args())
      } catch {
        self.app.coreLogger.error(EggError(error))
      }
    }
  }

  // MARK: sockets

  func socket(_ number: UInt64) -> Socket { Socket(core(number)) }

  private func core(_ number: UInt64) -> SocketCore {
    if let known = sockets[number] { return known }
    return SocketCore(self, number)
  }

  /// Keeps what was attached to a socket until it ends.
  func keep(_ core: SocketCore) {
    guard sockets[core.number] == nil else { return }
    // Nobody would tell of the end of one that has ended.
    if !query(core.number, EGG_IO_STATE).isEmpty { sockets[core.number] = core }
  }

  /// Nobody is in it; who asks for it makes another.
  private func emptied(_ name: String) {
    if handlers[name]?.isOwn == false { handlers[name] = nil }
  }

  // MARK: what the plugin says

  fileprivate func event(
    _ kind: Int, _ namespace: egg_str, _ number: UInt64, _ name: egg_str, _ args: egg_io_args,
    _ ack: Int64
  ) {
    switch kind {
    case EGG_IO_MESSAGE: sockets[number]?.message(name.bytes, args, ack)
    case EGG_IO_CONNECTION:
      let core = core(number)
      sockets[number] = core
      handlers[namespace.string]?.connected(Socket(core), self)
    case EGG_IO_ADMIT: admit(handlers(namespace.string), number, ack)
    case EGG_IO_DISCONNECTING: sockets[number]?.system("disconnecting", name.string)
    case EGG_IO_ERROR: sockets[number]?.system("error", name.string)
    case EGG_IO_DISCONNECT:
      sockets[number]?.system("disconnect", name.string)
      sockets[number] = nil
    case EGG_IO_OUTGOING: sockets[number]?.outgoing(name.string, args)
    case EGG_IO_UPGRADE: sockets[number]?.upgraded()
    case EGG_IO_EMPTIED: emptied(namespace.string)
    case EGG_IO_ALLOW, EGG_IO_GENERATE_ID, EGG_IO_HEADERS: answer(kind, name.string, args, ack)
    case EGG_IO_REFUSED:
      let request = ClientRequest(((try? args.values()) ?? []).first ?? .undefined)
      for told in engine.refused { told(Int(ack), name.string, request) }
    case EGG_IO_SERVER: server(handlers(namespace.string), name.string, args, ack)
    default: break
    }
  }

  private func server(
    _ handlers: NamespaceHandlers, _ name: String, _ args: egg_io_args, _ ack: Int64
  ) {
    guard let handler = handlers.server[name], let packet = try? args.values() else { return }
    let arguments = Arguments(Array(packet.dropFirst()))
    let answer = Acknowledgement(self, 0, ack)
    Task.immediate {
      do { try await handler(arguments, answer) } catch {
        self.app.coreLogger.error(EggError(error))
      }
    }
  }

  private func admit(_ handlers: NamespaceHandlers, _ number: UInt64, _ admission: Int64) {
    let core = core(number)
    Task.immediate {
      do {
        for middleware in handlers.middlewares { try await middleware(Socket(core)) }
        self.settle(admission, "", [])
      } catch {
        let failure = EggError(error)
        let data = failure.properties["data"] ?? .undefined
        self.settle(
          admission, failure.message.isEmpty ? "refused" : failure.message,
          data.exists ? data.jsonBytes : [])
      }
    }
  }

  /// The engine asks about a request.
  private func answer(_ kind: Int, _ name: String, _ args: egg_io_args, _ question: Int64) {
    let request = ClientRequest(((try? args.values()) ?? []).first ?? .undefined)
    Task.immediate {
      do {
        self.settle(question, "", try await self.engine.answer(kind, name, request))
      } catch {
        let message = EggError(error).message
        self.settle(question, message.isEmpty ? "Forbidden" : message, [])
      }
    }
  }

  private func settle(_ admission: Int64, _ message: String, _ data: [UInt8]) {
    withBytes(message) { message in
      data.withUnsafeBytes { _ = table?.pointee.settle(this, admission, message, text($0)) }
    }
  }

  fileprivate func answered(_ request: UInt64, _ failure: String, _ args: egg_io_args) {
    guard let done = requests.removeValue(forKey: request) else { return }
    done(failure, (try? args.values()) ?? [])
  }

  private func expect(_ done: ((String, [Value]) -> Void)?) -> UInt64 {
    guard let done else { return 0 }
    lastRequest += 1
    requests[lastRequest] = done
    return lastRequest
  }

  /// The plugin did not take the request.
  private func check(_ status: egg_status?, _ request: UInt64) {
    guard status != egg_status(EGG_OK), request != 0 else { return }
    requests.removeValue(forKey: request)?("socket has been disconnected", [])
  }

  // MARK: what this unit asks

  func ask(
    _ number: UInt64, _ values: [Value], _ flags: Int, timeout: Int = 0,
    done: @escaping (String, [Value]) -> Void
  ) {
    let request = expect(done)
    let status = withArgs(values) {
      table?.pointee.emit(
        this, listener, number, UInt32(flags), $0, request, UInt64(clamping: timeout))
    }
    check(status, request)
  }

  /// An event without an acknowledgement.
  func emit(_ number: UInt64, _ event: String, _ values: [Value], _ flags: Int) {
    withArgs(.text(event), values) {
      _ = table?.pointee.emit(this, listener, number, UInt32(flags), $0, 0, 0)
    }
  }

  func broadcast(
    _ target: BroadcastTarget, _ values: [Value], timeout: Int = 0,
    done: ((String, [Value]) -> Void)? = nil
  ) {
    let request = expect(done)
    let status = target.withTarget { target in
      withArgs(values) {
        table?.pointee.broadcast(
          this, listener, target, $0, request, UInt64(clamping: timeout))
      }
    }
    check(status, request)
  }

  func ask(
    _ target: BroadcastTarget, _ what: Int, _ name: String = "", _ value: String = "",
    done: @escaping (String, [Value]) -> Void
  ) {
    let request = expect(done)
    let status = target.withTarget { target in
      withBytes(name) { name in
        withBytes(value) { value in
          table?.pointee.request(this, listener, target, UInt32(what), name, value, request)
        }
      }
    }
    check(status, request)
  }

  func serverSideEmit(
    _ namespace: String, _ values: [Value], done: ((String, [Value]) -> Void)? = nil
  ) {
    let request = expect(done)
    let status = withBytes(namespace) { name in
      withArgs(values) { table?.pointee.server_emit(this, listener, name, $0, request) }
    }
    check(status, request)
  }

  func acknowledge(_ number: UInt64, _ ack: Int64, _ values: [Value]) {
    _ = withArgs(values) { table?.pointee.ack(this, number, ack, $0) }
  }

  func join(_ number: UInt64, _ room: String) {
    withBytes(room) { _ = table?.pointee.join(this, number, $0) }
  }

  func leave(_ number: UInt64, _ room: String) {
    withBytes(room) { _ = table?.pointee.leave(this, number, $0) }
  }

  func disconnect(_ number: UInt64, close: Bool) {
    _ = table?.pointee.disconnect(this, number, close)
  }

  func fail(_ number: UInt64, _ value: Value) {
    value.jsonBytes.withUnsafeBytes { _ = table?.pointee.fail(this, number, text($0)) }
  }

  func setData(_ number: UInt64, _ value: Value) {
    value.jsonBytes.withUnsafeBytes { _ = table?.pointee.set_data(this, number, text($0)) }
  }

  /// From now on this unit is told what the socket sends (1), or that it has changed to WebSocket (2).
  func watch(_ number: UInt64, _ what: UInt32) {
    guard let table, table.pointee.size > UInt32(MemoryLayout<egg_socketio>.offset(of: \.watch)!)
    else { return }
    _ = table.pointee.watch(this, listener, number, what)
  }

  func running(_ number: UInt64, _ change: Int32) {
    _ = table?.pointee.running(this, number, change)
  }

  /// What is known of a socket, as text; empty when it has gone.
  func query(_ number: UInt64, _ what: Int) -> [UInt8] {
    var out = egg_str()
    let status = table?.pointee.query(this, number, UInt32(what), &out)
    return status == egg_status(EGG_OK) ? out.array : []
  }
}

private typealias State = UnsafeMutableRawPointer?

private let clientEvent = unsafeBitCast(
  { state, kind, namespace, number, name, args, ack in
    guard let state else { return }
    Unmanaged<Client>.fromOpaque(state).takeUnretainedValue().event(
      Int(kind), namespace, number, name, args.pointee, ack)
  }
    as @MainActor @convention(c) (
      State, UInt32, egg_str, UInt64, egg_str, UnsafePointer<egg_io_args>, Int64
    ) -> Void,
  to: (@convention(c) (
    State, UInt32, egg_str, UInt64, egg_str, UnsafePointer<egg_io_args>, Int64
  ) -> Void).self)

private let clientAnswered = unsafeBitCast(
  { state, request, failure, args in
    guard let state else { return }
    Unmanaged<Client>.fromOpaque(state).takeUnretainedValue().answered(
      request, failure.string, args.pointee)
  } as @MainActor @convention(c) (State, UInt64, egg_str, UnsafePointer<egg_io_args>) -> Void,
  to: (@convention(c) (State, UInt64, egg_str, UnsafePointer<egg_io_args>) -> Void).self)

private let clientMatches = unsafeBitCast(
  { state, parent, name, auth in
    guard let state else { return false }
    return Unmanaged<Client>.fromOpaque(state).takeUnretainedValue().matches(
      parent, name.string, auth)
  } as @MainActor @convention(c) (State, UInt64, egg_str, egg_str) -> Bool,
  to: (@convention(c) (State, UInt64, egg_str, egg_str) -> Bool).self)
