import Egg
import EggSocketIO

/// What clients of two such servers do with each other.
func router(_ app: Application) {
  let nsp = app.io.of("/")
  var told: [Value] = []
  nsp.onServer("tell") { args, _ in told.append(args[0]) }
  nsp.onServer("ask") { args, ack in ack(["of": args[0], "told": Value.list(told)] as Value) }
  app.io.generateId { request in request.query.id.string }
  nsp.on("connection") { socket in
    socket.on("tell-servers") { args in nsp.serverSideEmit("tell", args[0]) }
    socket.on("ask-servers") { args, ack in
      ack(Value.list(try await nsp.serverSideEmitWithAck("ask", args[0])))
    }
    socket.on("join") { args, ack in
      socket.join(try args.get(0, as: String.self))
      ack("ok")
    }
    socket.on("to-room") { args in nsp.to(try args.get(0)).emit(try args.get(1), args[2]) }
    socket.on("ask-room") { args, ack in
      let answers = try await nsp.to(args.get(0)).timeout(90_000).emitWithAck("question", 1)
      ack(Value.list(answers.sorted { $0.description < $1.description }))
    }
    socket.on("count") { _, ack in ack(try await nsp.fetchSockets().count) }
    socket.on("clients") { args, ack in
      ack(try await nsp.adapter.clients([args.get(0)]).count)
    }
    socket.on("kick") { args, ack in
      try await nsp.adapter.remoteDisconnect(try args.get(0), true)
      ack("ok")
    }
    socket.on("move") { args in nsp.in(try args.get(0)).socketsJoin(try args.get(1)) }
  }
}
