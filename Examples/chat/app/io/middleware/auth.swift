import Egg
import EggSocketIO

/// Lets people into rooms that there are, and tells the others who has come and gone.
///
/// The query of the connection has `room` and `userId`, the name that others see.
func auth(_ app: Application) -> Middleware {
  let nameLimit = 32
  return { ctx, next in
    let socket = ctx.socket
    let id = socket.id
    let query = socket.handshake.query
    let room = query.room.string ?? ""
    let name = String((query.userId.string ?? "").prefix(nameLimit))

    guard try await app.roomStore.has(room) else {
      // Everybody listens to its own id.
      let reason: Value = ["type": "deleted", "message": "deleted, room has been deleted."]
      socket.emit(id, ctx.helper.parseMsg("deny", reason))
      try await app.io.of("/").adapter.remoteDisconnect(id, true)
      return
    }

    // Controllers read it, and `fetchSockets` shows it to other servers.
    socket.data = ["room": room, "name": name.isEmpty ? "guest" : name]
    socket.join(roomKey(room))
    try await ctx.service.room.announce(room, "join", "User(\(id)) joined.")

    try await next()

    try await ctx.service.room.announce(room, "leave", "User(\(id)) leaved.")
  }
}
