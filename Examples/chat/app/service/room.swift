import Egg
import EggSocketIO

/// Who is where.
final class RoomService: Service {
  /// The people of a room on all servers, by id: `[{ id, name }]`.
  func people(_ room: String) async throws -> [Value] {
    try await app.io.in(roomKey(room)).fetchSockets().sorted { $0.id < $1.id }.map {
      ["id": $0.id, "name": $0.data.name] as Value
    }
  }

  /// All rooms with the number of their people.
  func all() async throws -> [Value] {
    var rooms: [Value] = []
    for name in try await app.roomStore.names() {
      let clients = try await app.io.of("/").adapter.clients([roomKey(name)])
      rooms.append(["name": name, "people": clients.count] as Value)
    }
    return rooms
  }

  /// Tells everybody in a room who is there now.
  ///
  /// Who comes to another server at the same time is announced there, perhaps before this list, which
  /// does not have them, goes out: so it looks again, and says once more what has changed.
  ///
  /// - Parameter action: "join" or "leave".
  func announce(_ room: String, _ action: String, _ message: String) async throws {
    var told: [Value] = []
    for round in 0..<5 {
      let people = try await people(room)
      if round > 0, people == told { return }
      told = people
      app.io.to(roomKey(room)).emit(
        "online",
        [
          "clients": Value.list(people.map(\.id)), "people": Value.list(people), "action": action,
          "target": "participator", "message": message,
        ] as Value)
    }
  }
}
