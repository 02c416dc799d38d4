import CEggSocketIO
import Egg
import SocketIO

/// `app.io`, as other units and languages see it by name. Swift units use the module `EggSocketIO`.
final class IOObject: ExportedObject {
  let objectType = "socketio.server/1"
  private let hub: Hub?

  init(_ hub: Hub?) { self.hub = hub }

  func interface(_ id: String) -> UnsafeRawPointer? {
    id == EGG_SOCKETIO_ID ? hub?.interface : nil
  }

  /// - `route(namespace, event, controller)`: the controller's only action handles the event.
  /// - `use(namespace, "connection" or "packet", name)`: a middleware of `app/io/middleware`.
  /// - `emit(namespace, event, …)`: to everybody in the namespace.
  /// - `to(namespace, room, event, …)`: to everybody in the room.
  func call(_ method: String, _ args: Egg.Arguments, _ ctx: Context?) async throws -> Value {
    guard let hub, let server = hub.server else {
      throw EggError("app.io: the application is still starting")
    }
    switch method {
    case "route":
      guard let controller = args[2].foreign,
        let action = try controller.get("actions")[0].string
      else { throw EggError("app.io.route: expected a controller's action") }
      hub.route(
        try args.get(0), try args.get(1), .init(controller: controller, action: action))
    case "use":
      try hub.use(try args.get(0), try args.get(1), try args.get(2))
    case "emit":
      server.namespace(try args.get(0)).adapter.broadcast(
        BinaryValues.arguments(Array(args.values.dropFirst())), Target())
    case "to":
      var target = Target()
      target.rooms = [try args.get(1)]
      server.namespace(try args.get(0)).adapter.broadcast(
        BinaryValues.arguments(Array(args.values.dropFirst(2))), target)
    default: throw noSuchMethod(method)
    }
    return .undefined
  }
}

/// `ctx.socket`, as other units and languages see it by name.
final class SocketObject: ExportedObject {
  let objectType = "egg.socketio.socket/1"
  private let socket: Socket

  init(_ socket: Socket) { self.socket = socket }

  func property(_ name: String) throws -> Value {
    switch name {
    case "number": .integer(Int(socket.number))
    case "id": .text(socket.id)
    case "rooms": .list(socket.allRooms.map { .text($0) })
    case "connected": .boolean(socket.isConnected)
    case "handshake": try Value(json: socket.handshakeJSON)
    case "nsp": .text(socket.namespace.name)
    default: .undefined
    }
  }

  func call(_ method: String, _ args: Egg.Arguments, _ ctx: Context?) async throws -> Value {
    switch method {
    case "emit": socket.emit(BinaryValues.arguments(args.values))
    case "join": socket.join(args.values.compactMap(\.string))
    case "leave": socket.leave(try args.get(0))
    case "disconnect": socket.disconnect(close: args[0].isTruthy)
    default: throw noSuchMethod(method)
    }
    return .undefined
  }
}
