import Egg
import EggSocketIO

/// What the checks of `Plugins/socketio/Tests` and other conformance suites ask for.
func router(_ app: Application) {
  if app.env == "load" { return loadRouter(app) }
  let reasons = Reasons()
  for name in ["/", "/custom"] {
    app.io.of(name).on("connection") { greet($0, reasons) }
  }
  app.io.of("/").on("connection") { socket in
    socket.on("message-with-ack") { args, ack in ack.send(args.values) }
  }
  // Those of engines alone.
  guard app.config.engineEcho.isOn.bool != true else { return }
  for name in ["/auth", "/mw"] {
    app.io.of(name).on("connection") { greet($0, reasons) }
  }
  app.io.of("/").on("connection") { addEvents($0, app, reasons) }
  app.io.of("/").onServer("srv-ask") { args, ack in ack("answer to \(args[0])") }
  app.io.of("/mw").on("connection") { socket in
    socket.on("error") { args in socket.emit("error-back", args[0]) }
    socket.on("forbidden") { _ in socket.emit("must-not-happen") }
  }
  let dynamic = app.io.of(numbered: "/dyn-")
  dynamic.on("connection") { socket in
    greet(socket, reasons)
    socket.emit("nsp-name", socket.nsp.name)
  }
}

/// What load generators need, and nothing else.
func loadRouter(_ app: Application) {
  let nsp = app.io.of("/")
  nsp.on("connection") { socket in
    socket.on("message") { args in socket.emit("message-back", args.values) }
    socket.on("all") { args in nsp.emit(try args.get(0), args[1]) }
  }
}

/// Why sockets ended, by id.
final class Reasons {
  var byID: [String: String] = [:]
}

/// What every namespace has.
func greet(_ socket: Socket, _ reasons: Reasons) {
  socket.emit("auth", socket.handshake.auth)
  socket.on("message") { args in socket.emit("message-back", args.values) }
  let id = socket.id
  socket.on("disconnect") { args in reasons.byID[id] = args[0].string }
}
