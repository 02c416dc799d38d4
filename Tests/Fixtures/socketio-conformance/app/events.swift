import Egg
import EggSocketIO

/// The events of "/" in application mode.
func addEvents(_ socket: Socket, _ app: Application, _ reasons: Reasons) {
  addRooms(socket, app)
  addServerSide(socket, app)
  let nsp = app.io.of("/")
  socket.on("kick") { args in socket.disconnect(args[0].bool ?? false) }
  socket.on("remote-disconnect") { args, ack in
    // One that has gone already is gone.
    try? await nsp.adapter.remoteDisconnect(try args.get(0), args[1].bool ?? false)
    ack("ok")
  }
  socket.on("clients") { args, ack in
    ack(try await nsp.adapter.clients(args.get(0, as: [String].self)).sorted())
  }
  socket.on("reason-of") { args, ack in
    ack(args[0].string.flatMap { reasons.byID[$0] }.map { Value.text($0) } ?? .null)
  }
  socket.on("transport") { _, ack in ack(socket.transport) }
  socket.on("handshake") { _, ack in
    let handshake = socket.handshake
    var query = handshake.query.object ?? ValueMap()
    for name in ["t", "sid", "b64"] { query[name] = nil }
    let url = handshake["url"].string ?? ""
    ack(
      [
        "query": Value.map(query), "auth": handshake.auth, "xdomain": handshake.xdomain,
        "secure": handshake.secure, "url": String(url.prefix { $0 != "?" }),
        "hasTime": handshake["time"].string != nil && handshake.issued.int != nil,
      ] as Value)
  }
  socket.on("make-binary") { args, ack in
    let count = min(max(0, args[0].int ?? 0), 1 << 24)
    ack(Value.data((0..<count).map { UInt8(truncatingIfNeeded: $0) }))
  }
  socket.on("burst") { args in
    for number in 0..<max(0, args[0].int ?? 0) { socket.emit("b", number) }
  }
  socket.on("big") { args, ack in
    ack(String(repeating: "x", count: min(max(0, args[0].int ?? 0), 1 << 24)))
  }
  socket.on("sse-ack") { args, ack in
    do {
      let responses = try await nsp.serverSideEmitWithAck(args.get(0), args[1])
      ack(["err": Value.null, "responses": Value.list(responses)] as Value)
    } catch {
      let failure = EggError(error)
      ack(
        [
          "err": failure.message, "responses": failure.properties["responses"] ?? Value.list([]),
        ] as Value)
    }
  }
}

private func addRooms(_ socket: Socket, _ app: Application) {
  let nsp = app.io.of("/")
  socket.on("rooms") { _, ack in ack(socket.rooms.filter { $0 != socket.id }.sorted()) }
  socket.on("join") { args, ack in
    socket.join(try args.get(0, as: String.self))
    ack("ok")
  }
  socket.on("leave") { args, ack in
    socket.leave(try args.get(0))
    ack("ok")
  }
  socket.on("to-room") { args in nsp.to(try args.get(0)).emit(try args.get(1), args[2]) }
  socket.on("to-room-others") { args in socket.to(try args.get(0)).emit(try args.get(1), args[2]) }
  socket.on("to-room-except") { args in
    nsp.to(try args.get(0)).except(try args.get(1)).emit(try args.get(2), args[3])
  }
  socket.on("broadcast") { args in socket.broadcast.emit(try args.get(0), args[1]) }
  socket.on("all") { args in nsp.emit(try args.get(0), args[1]) }
  socket.on("kick-room") { args in
    nsp.in(try args.get(0)).disconnectSockets(args[1].bool ?? false)
  }
}

private func addServerSide(_ socket: Socket, _ app: Application) {
  let nsp = app.io.of("/")
  socket.on("ask-me") { args, ack in
    do {
      let answer = try await socket.timeout(args.get(0)).emitWithAck(args.get(1), args[2])
      ack(["err": Value.null, "value": answer.first ?? .null] as Value)
    } catch {
      ack(["err": EggError(error).message, "value": Value.null] as Value)
    }
  }
  socket.on("ask-room") { args, ack in
    let room = nsp.to(try args.get(0)).timeout(try args.get(1))
    var failure = Value.null
    var responses: [Value]
    do {
      responses = try await room.emitWithAck(args.get(2), args[3])
    } catch {
      let error = EggError(error)
      failure = .text(error.message)
      responses = error.properties["responses"]?.array ?? []
    }
    responses.sort { $0.description < $1.description }
    ack(["err": failure, "responses": Value.list(responses)] as Value)
  }
  socket.on("set-data") { args, ack in
    var data = socket.data.object ?? ValueMap()
    data.merge(args[0].object ?? ValueMap())
    socket.data = .map(data)
    ack("ok")
  }
  socket.on("fetch") { args, ack in
    let room = args[0].string ?? ""
    let sockets = try await (room.isEmpty ? nsp.fetchSockets() : nsp.in(room).fetchSockets())
    let list = sockets.sorted { $0.id < $1.id }.map { found in
      [
        "id": found.id, "rooms": found.rooms.filter { $0 != found.id }.sorted(),
        "data": found.data,
      ] as Value
    }
    ack(Value.list(list))
  }
  socket.on("sockets-join") { args, ack in
    nsp.in(try args.get(0)).socketsJoin(try args.get(1))
    ack("ok")
  }
  socket.on("sockets-leave") { args, ack in
    nsp.in(try args.get(0)).socketsLeave(try args.get(1))
    ack("ok")
  }
}
