import Egg
import EggSocketIO

/// What the library's server offers beside events and rooms, asked by `api.py`.
func api(_ app: Application) {
  let nsp = app.io.of("/api")
  app.io.generateId { request in
    if request.query.id.string == "none" { throw EggError("nobody") }
    return request.query.id.string
  }
  app.io.engine.allowRequest { request in
    if request.query.token.string == "late" {
      try await Task.sleep(for: .milliseconds(1))
      throw EggError("too late")
    }
    return request.query.token.string != "bad"
  }
  app.io.engine.initialHeaders { headers, request in
    headers["X-First"] = request.query.transport.string
  }
  app.io.engine.headers { headers, request in headers["X-Each"] = request.method }
  var errors: [Value] = []
  app.io.engine.onConnectionError { code, message, request in
    errors.append(.list([.integer(code), .text(message), .text(request.address)]))
  }
  nsp.on("connection") { socket in
    socket.on("errors") { _, ack in ack(Value.list(errors)) }
    socket.on("count") { _, ack in ack(app.io.engine.clientsCount) }
    watch(socket)
    ask(socket, nsp)
  }
  app.io.of(numbered: "/room-").on("connection") { socket in
    socket.emit("welcome", socket.nsp.name)
    socket.on("disconnect") { _ in socket.nsp.emit("left", socket.id) }
  }
  // Before anybody asks for it: those of the parent are there as well.
  app.io.of("/room-0").emit("nobody", "hears this")
  app.io.of("/room-1").on("connection") { socket in socket.emit("own", 1) }
}

/// Handlers of every event, and of one only.
private func watch(_ socket: Socket) {
  var seen: [String] = []
  let all = socket.onAny { name, args in seen.append("\(name) \(args.count)") }
  let first = socket.prependAny { name, _ in seen.append("first \(name)") }
  socket.onAnyOutgoing { name, args in seen.append("out \(name) \(args[0])") }
  socket.prependAnyOutgoing { name, _ in seen.append("first out \(name)") }
  socket.once("once") { args in seen.append("once \(args[0])") }
  socket.on("less") { _ in socket.offAny(first) }
  socket.on("none") { _ in
    socket.offAny()
    socket.offAnyOutgoing()
  }
  socket.on("seen") { _, ack in
    ack(seen)
    seen = []
    _ = all
  }
  socket.conn.onUpgrade { socket.emit("upgraded", socket.conn.transport) }
  socket.on("conn") { _, ack in
    let facts: Value = [
      "transport": socket.conn.transport, "protocol": socket.conn.protocol,
      "isSecret": socket.conn.id != socket.id,
    ]
    ack(facts)
  }
  socket.on("drop") { _ in socket.conn.close() }
  socket.use { packet in if packet[0] == "forbidden" { throw EggError("not that") } }
  socket.on("forbidden") { _ in seen.append("never") }
  socket.on("error") { args in seen.append("error \(args[0])") }
}

/// Others, one by one and together.
private func ask(_ socket: Socket, _ nsp: Namespace) {
  socket.on("long") { args in
    let text = String(repeating: "x", count: 5000)
    args[0].bool == true ? socket.compress(false).emit("long", text) : socket.emit("long", text)
  }
  socket.on("join") { args in socket.join(try args.get(0, as: String.self)) }
  socket.on("tell") { args in socket.local.emit("told", args[0]) }
  socket.on("tell-but") { args in nsp.except(try args.get(0)).compress(false).emit("told", args[1])
  }
  socket.on("ask-each") { args, ack in
    var answers: [Value] = []
    for other in try await nsp.in(args.get(0)).fetchSockets() {
      answers.append(try await other.timeout(60_000).emitWithAck("question", other.id))
    }
    ack(Value.list(answers))
  }
  socket.on("ask-late") { args, ack in
    let other = try await nsp.in(args.get(0)).fetchSockets()[0]
    do {
      _ = try await other.timeout(1).emitWithAck("question", 0)
    } catch {
      ack(EggError(error).message)
    }
  }
  socket.on("ask-all") { args, ack in
    ack(try await nsp.to(args.get(0)).timeout(60_000).emitWithAck("question", 1).count)
  }
  socket.on("order") { args in
    for other in try await nsp.in(args.get(0)).fetchSockets() {
      other.leave(try args.get(0))
      other.join("moved")
      other.emit("moved", other.id)
    }
  }
  socket.on("end") { args in
    for other in try await nsp.in(args.get(0)).fetchSockets() { other.disconnect() }
  }
}
