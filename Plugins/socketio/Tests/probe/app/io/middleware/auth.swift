import Egg
import EggSocketIO

/// Lets into rooms that there are, and tells everybody there who has come and gone.
func auth(_ app: Application) -> Middleware {
  let rooms: Set<String> = ["demo", "demo-old", "demo-new"]
  return { ctx, next in
    let socket = ctx.socket
    let id = socket.id
    let nsp = app.io.of("/")
    let room = socket.handshake.query.room.string ?? ""
    guard rooms.contains(room) else {
      let reason: Value = ["type": "deleted", "message": "deleted, room has been deleted."]
      socket.emit(id, ctx.helper.parseMsg("deny", reason))
      try await nsp.adapter.remoteDisconnect(id, true)
      return
    }
    socket.join(room)
    try await tellOnline(nsp, room, "join", "User(\(id)) joined.")
    try await next()
    try await tellOnline(nsp, room, "leave", "User(\(id)) leaved.")
  }
}

private func tellOnline(
  _ nsp: Namespace, _ room: String, _ action: String, _ message: String
) async throws {
  let clients = try await nsp.adapter.clients([room])
  nsp.to(room).emit(
    "online",
    [
      "clients": Value(clients), "action": action, "target": "participator", "message": message,
    ] as Value)
}
