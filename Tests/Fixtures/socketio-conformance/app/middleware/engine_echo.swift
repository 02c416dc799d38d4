import Egg
import EggEngineIO
import EngineIO

struct EngineEchoOptions: Decodable {
  var isOn: Bool
  /// Milliseconds.
  var pingInterval: Int
  var pingTimeout: Int
}

/// Bare Engine.IO on two paths, without and with revision 3: every message goes back as it came.
func engineEcho(_ options: EngineEchoOptions, _ app: Application) -> Middleware {
  guard options.isOn else { return { _, next in try await next() } }
  let echo = EngineEcho()
  let endpoints = [("/engine.io/", false), ("/engine.io-v3/", true)].map { path, allowEIO3 in
    var engine = EngineOptions()
    engine.path = path
    engine.pingInterval = options.pingInterval
    engine.pingTimeout = options.pingTimeout
    engine.allowEIO3 = allowEIO3
    engine.jsonp = true
    let endpoint = EngineEndpoint(app, engine)
    endpoint.server.delegate = echo
    return endpoint
  }
  return { ctx, next in
    _ = echo
    guard let endpoint = endpoints.first(where: { $0.owns(ctx.path) }) else {
      return try await next()
    }
    try await endpoint.handle(ctx)
  }
}

final class EngineEcho: EngineDelegate {
  func opened(_ session: Session) {}
  func received(_ session: Session, text: UnsafeRawBufferPointer) {
    session.send(Outgoing(.message, Array(text)))
  }
  func received(_ session: Session, binary: [UInt8]) {
    session.send(Outgoing(.message, binary, isBinary: true))
  }
  func closed(_ session: Session, _ reason: EndReason) {}
}
