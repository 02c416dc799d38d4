internal import EggWebSocket
internal import PluginABI

/// From a request to an open WebSocket.
enum WebSocketUpgrade {
  /// The last layer of a WebSocket's route.
  static func run<Socket: WebSocketController>(_ type: Socket.Type, _ ctx: Context) async throws {
    let set = try WebSocketSet.of(ctx.app)
    var chosen: String?
    let answer = handshake(ctx.request).answer(origins: set.options.origins) { offered in
      let spoken = type.subprotocols
      chosen = offered.first { spoken.contains($0) }
      return chosen
    }
    switch answer {
    case .refused(let status, let message, let fields):
      throw refusal(status, message, fields)
    case .agreed(let fields):
      let controller = type.init(try context(like: ctx))
      try await controller.accept(ctx)
      let session = WebSocketSession(controller, set, subprotocol: chosen)
      try ctx.takeOver(session)
      ctx.status = 101
      for field in fields { ctx.set(field.name, field.value) }
    }
  }

  private static func handshake(_ request: Request) -> Handshake {
    var handshake = Handshake()
    handshake.method = request.method
    handshake.httpVersion = request.httpVersion
    handshake.host = request.host
    handshake.upgrade = all(request, "upgrade")
    handshake.connection = all(request, "connection")
    handshake.version = request.get("sec-websocket-version")
    handshake.key = request.get("sec-websocket-key")
    handshake.origin = request.get("origin")
    handshake.protocols = all(request, "sec-websocket-protocol")
    return handshake
  }

  private static func all(_ request: Request, _ field: String) -> String {
    request.headers(field).joined(separator: ",")
  }

  private static func refusal(
    _ status: Int, _ message: String, _ fields: [Handshake.Field]
  ) -> EggError {
    var error = EggError(status: status, message)
    var headers = ValueMap()
    for field in fields { headers[field.name] = .text(field.value) }
    error.headers = headers
    return error
  }

  /// A context that outlives the request.
  private static func context(like ctx: Context) throws -> Context {
    let request: Value = [
      "method": ctx.method, "url": ctx.url, "headers": Value(ctx.headers),
      "secure": Int(ctx.head.flags) & EGG_REQUEST_SECURE != 0,
    ]
    let made = try ctx.app.createAnonymousContext(request)
    made.ip = ctx.ip
    made.lazy.params = ctx.params.value.object
    return made
  }
}

extension Action {
  /// A WebSocket's controller; each connection gets a new object.
  public init<Socket: WebSocketController>(_ name: String = "", socket type: Socket.Type) {
    self.name = name
    layer = .asyncAction { try await WebSocketUpgrade.run(type, $0) }
  }
}

extension RouteRegistering {
  /// A WebSocket: `app.router.ws("/chat", app.middleware.auth(), app.controller.chat.connect)`.
  ///
  /// A request that is no handshake is answered with 426.
  @discardableResult
  public func ws(
    _ arguments: any RouteArgument..., file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    addSocket(arguments, file, line)
  }

  /// The same for a class that is not in `app/controller`.
  @discardableResult
  public func ws<Socket: WebSocketController>(
    _ path: String, _ type: Socket.Type, file: StaticString = #fileID, line: UInt = #line
  ) -> Self {
    addSocket([path, Action(String(describing: type), socket: type)], file, line)
  }

  private func addSocket(
    _ arguments: [any RouteArgument], _ file: StaticString, _ line: UInt
  ) -> Self {
    let router = routes
    do {
      _ = try WebSocketSet.of(router.unit.application)
      router.add("GET", arguments, nil, flags: 0, verb: "ws", file: file, line: line)
    } catch {
      router.unit.problems.append(EggError(error))
    }
    return self
  }
}
