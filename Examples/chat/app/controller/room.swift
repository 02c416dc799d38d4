import Egg

final class RoomController: Controller {
  /// `GET /rooms`
  func index() async throws {
    ctx.body = ["rooms": Value.list(try await service.room.all())]
  }

  /// `POST /rooms` with `{"name": "…"}`
  func create() async throws {
    let name = ctx.request.body.name.string ?? ""
    guard try await app.roomStore.names().count < config.chat.maxRooms.int ?? 100 else {
      try ctx.throw(409, "there are too many rooms")
    }
    guard try await app.roomStore.open(name) else {
      try ctx.throw(422, "name: expected 1 to \(roomNameLimit) letters, digits, - or _")
    }
    ctx.body = ["name": Value(name)]
    ctx.status = 201
  }
}
