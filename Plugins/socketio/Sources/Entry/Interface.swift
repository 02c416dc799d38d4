import CEggSocketIO
import Egg
import Glibc
import PluginABI
import SocketIO

/// The table that is published as "socketio.server/1". It stays for the life of the process.
///
/// Its functions belong to the loop's thread, which is the main actor; they are written as main actor
/// functions and handed over through `unsafeBitCast`, which costs nothing.
enum Interface {
  static func make(_ hub: Hub) -> UnsafeRawPointer {
    let memory = UnsafeMutablePointer<egg_socketio>.allocate(capacity: 1)
    memset(memory, 0, MemoryLayout<egg_socketio>.size)
    memory.pointee.size = UInt32(MemoryLayout<egg_socketio>.size)
    memory.pointee.`self` = Unmanaged.passUnretained(hub).toOpaque()
    memory.pointee.attach = attachFunction
    memory.pointee.listen = listenFunction
    memory.pointee.listen_parent = listenParentFunction
    memory.pointee.emit = emitFunction
    memory.pointee.broadcast = broadcastFunction
    memory.pointee.ack = ackFunction
    memory.pointee.join = joinFunction
    memory.pointee.leave = leaveFunction
    memory.pointee.disconnect = disconnectFunction
    memory.pointee.fail = failFunction
    memory.pointee.settle = settleFunction
    memory.pointee.query = queryFunction
    memory.pointee.set_data = setDataFunction
    memory.pointee.request = requestFunction
    memory.pointee.server_emit = serverEmitFunction
    memory.pointee.running = runningFunction
    memory.pointee.watch = watchFunction
    return UnsafeRawPointer(memory)
  }
}

private typealias Self_ = UnsafeMutableRawPointer?
private typealias Table = UnsafePointer<egg_io_listener>
private typealias Args = UnsafePointer<egg_io_args>
private typealias Whom = UnsafePointer<egg_io_target>

private let ok = egg_status(EGG_OK)
private let stale = egg_status(EGG_E_STALE)

private func hub(_ pointer: Self_) -> Hub? {
  pointer.map { Unmanaged<Hub>.fromOpaque($0).takeUnretainedValue() }
}

private func with(_ hub: Self_, _ number: UInt64, _ body: (Socket) -> Void) -> egg_status {
  guard let socket = Unmanaged<Hub>.fromOpaque(hub!).takeUnretainedValue().server?.socket(number)
  else { return stale }
  body(socket)
  return ok
}

/// Where an answer goes.
private func answer(_ s: Self_, _ listener: UInt32, _ request: UInt64) -> (
  (String, EventArguments) -> Void
)? {
  guard request != 0, let hub = hub(s), hub.listeners.indices.contains(Int(listener)) else {
    return nil
  }
  let listener = hub.listeners[Int(listener)]
  return { listener.answered(request, $0, $1) }
}

private nonisolated func list(_ items: [[UInt8]]) -> EventArguments {
  var json: [UInt8] = [UInt8(ascii: "[")]
  for (place, item) in items.enumerated() {
    if place > 0 { json.append(UInt8(ascii: ",")) }
    json += item
  }
  return EventArguments(json: json + [UInt8(ascii: "]")])
}

private let attachFunction = unsafeBitCast(
  { s, table in
    hub(s)?.attach(Listener(table.pointee)) ?? 0
  }
    as @MainActor @convention(c) (Self_, Table) -> UInt32,
  to: (@convention(c) (Self_, Table) -> UInt32).self)

private let listenFunction = unsafeBitCast(
  {
    s, listener, name, wants in
    guard let hub = hub(s), hub.listeners.indices.contains(Int(listener)) else {
      return egg_status(EGG_E_ARGUMENT)
    }
    hub.listen(name.string, listener, wants)
    return ok
  }
    as @MainActor @convention(c) (Self_, UInt32, egg_str, UInt32) -> egg_status,
  to: (@convention(c) (Self_, UInt32, egg_str, UInt32) -> egg_status).self)

private let listenParentFunction = unsafeBitCast(
  {
    s, listener, parent, wants in
    guard let hub = hub(s), hub.listeners.indices.contains(Int(listener)) else {
      return egg_status(EGG_E_ARGUMENT)
    }
    hub.listen(parent: parent, listener, wants)
    return ok
  }
    as @MainActor @convention(c) (Self_, UInt32, UInt64, UInt32) -> egg_status,
  to: (@convention(c) (Self_, UInt32, UInt64, UInt32) -> egg_status).self)

private let emitFunction = unsafeBitCast(
  {
    s, listener, number, flags, args, request, timeout in
    with(s, number) { socket in
      let isPlain = Int(flags) & EGG_IO_PLAIN != 0
      if request == 0, args.pointee.attachment_count == 0, !isPlain {
        return socket.emit(
          json: args.pointee.json.bytes, isVolatile: Int(flags) & EGG_IO_VOLATILE != 0)
      }
      let done = answer(s, listener, request)
      socket.emit(
        args.pointee.arguments, isVolatile: Int(flags) & EGG_IO_VOLATILE != 0,
        isPlain: isPlain, timeout: Int(clamping: timeout),
        answer: done.map { done in
          { result in
            switch result {
            case .success(let arguments): done("", arguments)
            case .failure(let failure): done(failure.message, EventArguments("[]"))
            }
          }
        })
    }
  }
    as @MainActor @convention(c) (Self_, UInt32, UInt64, UInt32, Args, UInt64, UInt64) -> egg_status,
  to: (@convention(c) (Self_, UInt32, UInt64, UInt32, Args, UInt64, UInt64) -> egg_status).self)

extension egg_io_target {
  fileprivate func target(_ server: SocketServer) -> Target {
    var target = Target()
    target.rooms = UnsafeBufferPointer(start: rooms, count: Int(room_count)).map(\.string)
    target.except = UnsafeBufferPointer(start: except, count: Int(except_count)).map(\.string)
    target.sender = sender == 0 ? nil : server.socket(sender)
    target.isLocal = Int(flags) & EGG_IO_LOCAL != 0
    target.isVolatile = Int(flags) & EGG_IO_VOLATILE != 0
    target.isPlain = Int(flags) & EGG_IO_PLAIN != 0
    return target
  }
}

private let broadcastFunction = unsafeBitCast(
  {
    s, listener, whom, args, request, timeout in
    guard let hub = hub(s), let server = hub.server else { return egg_status(EGG_E_PHASE) }
    let adapter = hub.namespace(whom.pointee.nsp.string, server).adapter
    let target = whom.pointee.target(server)
    guard let done = answer(s, listener, request) else {
      adapter.broadcast(args.pointee.arguments, target)
      return ok
    }
    adapter.broadcast(args.pointee.arguments, target, timeout: Int(clamping: timeout)) {
      answers, timedOut in
      // Bytes of one answer keep their places in the common list.
      var items: [Value] = []
      for answer in answers {
        let values = (try? BinaryValues.values(answer.json, answer.attachments)) ?? []
        items.append(values.first ?? .null)
      }
      let all = BinaryValues.arguments(items)
      done(timedOut ? AckFailure.timeout.message : "", all)
    }
    return ok
  }
    as @MainActor @convention(c) (Self_, UInt32, Whom, Args, UInt64, UInt64) -> egg_status,
  to: (@convention(c) (Self_, UInt32, Whom, Args, UInt64, UInt64) -> egg_status).self)

private let ackFunction = unsafeBitCast(
  { s, number, id, args in
    if number == 0 {
      return hub(s)?.answerServer(id, args.pointee.arguments) == true ? ok : stale
    }
    return with(s, number) { socket in
      if args.pointee.attachment_count == 0 {
        return socket.acknowledge(Int(id), json: args.pointee.json.bytes)
      }
      socket.acknowledge(Int(id), args.pointee.arguments)
    }
  }
    as @MainActor @convention(c) (Self_, UInt64, Int64, Args) -> egg_status,
  to: (@convention(c) (Self_, UInt64, Int64, Args) -> egg_status).self)

private let joinFunction = unsafeBitCast(
  { s, number, room in with(s, number) { $0.join([room.string]) } }
    as @MainActor @convention(c) (Self_, UInt64, egg_str) -> egg_status,
  to: (@convention(c) (Self_, UInt64, egg_str) -> egg_status).self)

private let leaveFunction = unsafeBitCast(
  {
    s, number, room in
    with(s, number) { $0.leave(room.string) }
  }
    as @MainActor @convention(c) (Self_, UInt64, egg_str) -> egg_status,
  to: (@convention(c) (Self_, UInt64, egg_str) -> egg_status).self)

private let disconnectFunction = unsafeBitCast(
  {
    s, number, close in
    with(s, number) { $0.disconnect(close: close) }
  }
    as @MainActor @convention(c) (Self_, UInt64, Bool) -> egg_status,
  to: (@convention(c) (Self_, UInt64, Bool) -> egg_status).self)

private let failFunction = unsafeBitCast(
  {
    s, number, json in
    with(s, number) { $0.sendError(json.array) }
  }
    as @MainActor @convention(c) (Self_, UInt64, egg_str) -> egg_status,
  to: (@convention(c) (Self_, UInt64, egg_str) -> egg_status).self)

private let settleFunction = unsafeBitCast(
  {
    s, number, message, data in
    let admission: Hub.Admission =
      message.len == 0
      ? .admitted(data: data.len == 0 ? nil : data.array)
      : .refused(message: message.string, data: data.len == 0 ? nil : data.array)
    return hub(s)?.settle(number, admission) == true ? ok : stale
  }
    as @MainActor @convention(c) (Self_, Int64, egg_str, egg_str) -> egg_status,
  to: (@convention(c) (Self_, Int64, egg_str, egg_str) -> egg_status).self)

private let queryFunction = unsafeBitCast(
  { s, number, what, out in
    if Int(what) == EGG_IO_CLIENTS_COUNT, let hub = hub(s) {
      out.pointee = hub.lent(Array(String(hub.endpoint?.server.sessionCount ?? 0).utf8))
      return ok
    }
    return with(s, number) { socket in
      let answer: [UInt8]
      switch Int(what) {
      case EGG_IO_ID: answer = Array(socket.id.utf8)
      case EGG_IO_NSP: answer = Array(socket.namespace.name.utf8)
      case EGG_IO_HANDSHAKE: answer = socket.handshakeJSON
      case EGG_IO_ROOMS: answer = list(socket.allRooms.map { jsonText($0) }).json
      case EGG_IO_DATA: answer = socket.data.isEmpty ? Array("{}".utf8) : socket.data
      default:
        let session = socket.session
        answer = Array(
          ("{\"connected\":\(socket.isConnected),\"transport\":\"\(session.transportName)\","
            + "\"recovered\":\(socket.isRecovered),\"protocol\":\(session.revision.rawValue),\"conn\":\"\(session.id)\"}")
            .utf8)
      }
      if let hub = hub(s) { out.pointee = hub.lent(answer) }
    }
  }
    as @MainActor @convention(c) (Self_, UInt64, UInt32, UnsafeMutablePointer<egg_str>) ->
    egg_status,
  to: (@convention(c) (Self_, UInt64, UInt32, UnsafeMutablePointer<egg_str>) -> egg_status).self)

private let setDataFunction = unsafeBitCast(
  {
    s, number, json in
    with(s, number) { $0.data = json.array }
  }
    as @MainActor @convention(c) (Self_, UInt64, egg_str) -> egg_status,
  to: (@convention(c) (Self_, UInt64, egg_str) -> egg_status).self)

private let requestFunction = unsafeBitCast(
  { s, listener, whom, what, name, value, request in
    guard let hub = hub(s), let server = hub.server else { return egg_status(EGG_E_PHASE) }
    let adapter = hub.namespace(whom.pointee.nsp.string, server).adapter
    let target = whom.pointee.target(server)
    let done = answer(s, listener, request) ?? { _, _ in }
    let (name, value) = (name.string, value.string)
    @MainActor func settled(_ failure: AdapterFailure?) {
      done(failure?.message ?? "", EventArguments("[]"))
    }
    @MainActor func texts(_ result: Result<[String], AdapterFailure>) {
      switch result {
      case .success(let texts): done("", list(texts.map { jsonText($0) }))
      case .failure(let failure): done(failure.message, EventArguments("[]"))
      }
    }
    switch Int(what) {
    case EGG_IO_FETCH_SOCKETS:
      adapter.fetchSockets(target) { result in
        switch result {
        case .success(let facts): done("", list(facts.map(\.json)))
        case .failure(let failure): done(failure.message, EventArguments("[]"))
        }
      }
    case EGG_IO_CLIENTS:
      adapter.clients(target.rooms) { ids, failure in
        done(failure?.message ?? "", list(ids.map { jsonText($0) }))
      }
    case EGG_IO_ALL_ROOMS: adapter.allRooms { texts($0) }
    case EGG_IO_CLIENT_ROOMS:
      adapter.clientRooms(name) { result in texts(result.map { $0 ?? [] }) }
    case EGG_IO_REMOTE_JOIN: adapter.remoteJoin(name, value) { settled($0) }
    case EGG_IO_REMOTE_LEAVE: adapter.remoteLeave(name, value) { settled($0) }
    case EGG_IO_REMOTE_DISCONNECT:
      adapter.remoteDisconnect(name, close: value == "true") { settled($0) }
    case EGG_IO_SOCKETS_JOIN:
      adapter.join(target, [name])
      settled(nil)
    case EGG_IO_SOCKETS_LEAVE:
      adapter.leave(target, [name])
      settled(nil)
    case EGG_IO_DISCONNECT_SOCKETS:
      adapter.disconnect(target, close: value == "true")
      settled(nil)
    default: return egg_status(EGG_E_ARGUMENT)
    }
    return ok
  }
    as @MainActor @convention(c) (Self_, UInt32, Whom, UInt32, egg_str, egg_str, UInt64) ->
    egg_status,
  to: (@convention(c) (Self_, UInt32, Whom, UInt32, egg_str, egg_str, UInt64) -> egg_status).self)

private let serverEmitFunction = unsafeBitCast(
  {
    s, listener, name, args, request in
    guard let hub = hub(s), let server = hub.server else { return egg_status(EGG_E_PHASE) }
    let done = answer(s, listener, request)
    hub.namespace(name.string, server).adapter.serverSideEmit(
      args.pointee.arguments,
      done: done.map { done in
        { answers, failure in
          var items: [Value] = []
          for answer in answers {
            items.append(
              (try? BinaryValues.values(answer.json, answer.attachments))?.first ?? .null)
          }
          done(failure?.message ?? "", BinaryValues.arguments(items))
        }
      })
    return ok
  }
    as @MainActor @convention(c) (Self_, UInt32, egg_str, Args, UInt64) -> egg_status,
  to: (@convention(c) (Self_, UInt32, egg_str, Args, UInt64) -> egg_status).self)

private let runningFunction = unsafeBitCast(
  {
    s, number, change in
    with(s, number) { $0.count(handlers: Int(change)) }
  }
    as @MainActor @convention(c) (Self_, UInt64, Int32) -> egg_status,
  to: (@convention(c) (Self_, UInt64, Int32) -> egg_status).self)

private let watchFunction = unsafeBitCast(
  { s, listener, number, what in
    guard let hub = hub(s), hub.listeners.indices.contains(Int(listener)) else {
      return egg_status(EGG_E_ARGUMENT)
    }
    return with(s, number) { hub.watch($0, listener, what) }
  }
    as @MainActor @convention(c) (Self_, UInt32, UInt64, UInt32) -> egg_status,
  to: (@convention(c) (Self_, UInt32, UInt64, UInt32) -> egg_status).self)

extension SocketFacts {
  var json: [UInt8] {
    var json = Array("{\"id\":".utf8) + jsonText(id) + Array(",\"rooms\":".utf8)
    json += list(rooms.map { jsonText($0) }).json
    json += Array(",\"data\":".utf8) + (data.isEmpty ? Array("{}".utf8) : data)
    json += Array(",\"handshake\":".utf8) + (handshake.isEmpty ? Array("{}".utf8) : handshake)
    return json + [UInt8(ascii: "}")]
  }
}
