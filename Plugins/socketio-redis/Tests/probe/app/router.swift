import Egg
import EggSocketIO

/// What clients of two such servers do with each other.
func router(_ app: Application) {
  let nsp = app.io.of("/")
  nsp.on("connection") { socket in
    socket.on("join") { args, ack in
      socket.join(try args.get(0, as: String.self))
      ack("ok")
    }
    socket.on("to-room") { args in nsp.to(try args.get(0)).emit(try args.get(1), args[2]) }
    socket.on("ask-room") { args, ack in
      let answers = try await nsp.to(args.get(0)).timeout(3000).emitWithAck("question", 1)
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
