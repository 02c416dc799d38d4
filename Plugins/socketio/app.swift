import CEggSocketIO
import Egg

/// Puts the engine in front of the application, offers `app.io` and the interface
/// "socketio.server/1", and takes `app/io/controller` and `app/io/middleware` of every unit.
final class SocketIOBoot: Boot {
  override func register() throws {
    let hub = Hub(app)
    app[HubKey.self] = hub
    app.publish(EGG_SOCKETIO_ID, hub.interface)
    app.extend { unit in
      unit.property(
        Application.self, "io", get: { try .returning(IOObject($0[HubKey.self])) })
      unit.property(
        Context.self, "socket",
        get: { ctx in try .returning(ctx[VisitKey.self].map { SocketObject($0.socket) }) })
      unit.property(
        Context.self, "packet",
        get: { ctx in ctx[VisitKey.self]?.packet ?? .undefined },
        set: { ctx, value in ctx[VisitKey.self]?.change(value) })
      unit.property(
        Context.self, "args",
        get: { ctx in .list(Array((ctx[VisitKey.self]?.packet.array ?? []).dropFirst())) })
      unit.property(
        Context.self, "socketEvent",
        get: { ctx in
          guard let visit = ctx[VisitKey.self] else { return .null }
          return ["socket": Int(visit.socket.number), "ack": visit.ack]
        })
    }
    // The controllers reach the router as `app.io.controller`; there is nothing else to do with them.
    app.directory("app/io/controller", match: "") { _ in }
    app.directory("app/io/middleware", match: "") { entries in
      for entry in entries {
        guard let object = entry.value.foreign else { continue }
        hub.middlewares[entry.property] = try await object.middleware()
      }
    }
  }

  override func configWillLoad() async throws {
    var names = app.config.coreMiddleware.array?.compactMap(\.string) ?? []
    if !names.contains("socketio") { names.insert("socketio", at: 0) }
    try app.config.set("coreMiddleware", Value(names), origin: "plugin socketio")
    let settings = try IOSettings(app.config.io)
    try app.config.set(
      "socketio.match", .list([.text(settings.engine.path)]), origin: "plugin socketio")
  }

  override func configDidLoad() async throws {
    try app[HubKey.self]?.configure(IOSettings(app.config.io))
  }

  override func didLoad() async throws {
    try app[HubKey.self]?.checkMiddlewares()
    try await app[HubKey.self]?.bridge?.start()
  }

  override func beforeClose() async throws {
    app[HubKey.self]?.server?.close()
    await app[HubKey.self]?.bridge?.end()
  }
}

enum HubKey: StorageKey { typealias Value = Hub }
enum VisitKey: StorageKey { typealias Value = Visit }
