internal import CEggSocketIO
public import Egg

/// `app.io`: Socket.IO in the application.
///
///     app.io.of("/").route("exchange", app.io.controller.nsp.exchange)
///     app.io.of("/").on("connection") { socket in socket.emit("res", "hello") }
///
/// The loader adds `controller`, the actions of `app/io/controller`. What is asked of the namespace
/// "/" may be asked of this directly.
public final class IO {
  let client: Client

  private enum Key: StorageKey { typealias Value = IO }

  private init(_ app: Application) {
    client = Client(app)
    guard client.isMissing else { return }
    app.beforeStart {
      throw EggError(
        code: "EGG_SOCKETIO_MISSING",
        "app.io: the plugin \"socketio\" is not on; expected \"socketio\": true in config/plugin.json"
      )
    }
  }

  static func of(_ app: Application) -> IO {
    if let known = app[Key.self] { return known }
    let made = IO(app)
    app[Key.self] = made
    return made
  }

  /// A namespace, made if need be; "chat" is "/chat".
  public func of(_ name: String) -> Namespace {
    Namespace(client, name.hasPrefix("/") ? name : "/" + name)
  }

  /// Namespaces on demand: those whose name `matches`. The first client makes one, and it goes with
  /// the last.
  ///
  /// - Parameter matches: the name and the payload of CONNECT.
  public func of(where matches: @escaping (_ name: String, _ auth: Value) -> Bool)
    -> ParentNamespace
  {
    ParentNamespace(client, matches)
  }

  /// Namespaces on demand whose name is `prefix` and digits: `app.io.of(numbered: "/room-")`.
  public func of(numbered prefix: String) -> ParentNamespace {
    of { name, _ in
      let rest = name.dropFirst(prefix.count)
      return name.hasPrefix(prefix) && !rest.isEmpty && rest.utf8.allSatisfy { $0 &- 0x30 < 10 }
    }
  }

  /// What makes connections of requests.
  public var engine: IOEngine { IOEngine(client) }

  /// Makes the ids of clients: `socket.id`, in every namespace; nil is a random one, that nobody can guess.
  ///
  ///     app.io.generateId { request in request.query.userId.string }
  ///
  /// An id has 1 to 128 letters, digits or any of `-_.:~@`, and belongs to one client at a time: another
  /// that asks for it is refused ("Bad request"), and so is one for which an error is thrown. Of clients 1.x
  /// and 2.x it is also what they prove themselves with while they poll, so whoever can guess it can
  /// speak in their name; newer ones have a secret besides.
  public func generateId(_ make: @escaping (ClientRequest) async throws -> String?) {
    engine.generateId(make)
  }

  private var main: Namespace { of("/") }

  public func route(_ event: String, _ action: Action) { main.route(event, action) }
  public func on(_ event: String, _ handler: @escaping (Socket) async throws -> Void) {
    main.on(event, handler)
  }
  public func use(_ middleware: @escaping (Socket) async throws -> Void) { main.use(middleware) }
  public func emit(_ event: String, _ args: any Encodable...) { main.send(event, args) }
  public func to(_ rooms: String...) -> Broadcast { main.all.adding(rooms: rooms) }
  public func `in`(_ rooms: String...) -> Broadcast { main.all.adding(rooms: rooms) }
  public func except(_ rooms: String...) -> Broadcast { main.all.adding(except: rooms) }
}

extension Application {
  /// Socket.IO; the plugin `socketio` must be on.
  public var io: IO { IO.of(self) }
}
