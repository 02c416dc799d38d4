public import Egg
internal import EggWebSocket
public import EngineIO

/// An Engine.IO server in an application: answers the requests of its path and takes connections
/// over. The plugin `socketio` has one; others may be made for protocols of one's own.
///
///     let endpoint = EngineEndpoint(app, options)
///     endpoint.server.delegate = echo
///     return { ctx, next in
///       if endpoint.owns(ctx.path) { try await endpoint.handle(ctx) } else { try await next() }
///     }
public final class EngineEndpoint {
  public let server: EngineServer
  private let app: Application
  private let clock: AlarmClock
  private var timer: LoopTimer?

  public init(_ app: Application, _ options: EngineOptions) {
    self.app = app
    clock = AlarmClock()
    server = EngineServer(options, clock: clock)
    server.wallClock = { Timestamp.now.milliseconds }
    clock.now = { Int(truncatingIfNeeded: app.loop.nowNanoseconds / 1_000_000) }
    clock.wake = { [unowned self] delay in wake(after: delay) }
  }

  private func wake(after delay: Int) {
    timer?.cancel()
    do {
      timer = try app.loop.timer(after: .milliseconds(delay)) { [weak self] in
        self?.timer = nil
        self?.clock.ring()
      }
    } catch {
      app.coreLogger.error(error)
    }
  }

  /// Whether a request's path is this server's.
  public func owns(_ path: String) -> Bool {
    let own = server.options.path
    guard path.hasPrefix(own) else { return false }
    return own.hasSuffix("/") || path.utf8.count == own.utf8.count
      || path.utf8.dropFirst(own.utf8.count).first == UInt8(ascii: "/")
  }

  /// Answers a request, or takes its connection over.
  public func handle(_ ctx: Context) async throws {
    if ctx.request.wantsUpgrade { return try await upgrade(ctx) }
    let request = request(ctx)
    if request.method == "GET" { ctx.request.cancelOnEnd() }
    let answer = await server.answer(request) { limit throws(BodyFailure) in
      // Behind a body parser the text is there already.
      if let text = ctx.request.rawBody {
        if text.utf8.count > limit { throw .tooLong }
        return Array(text.utf8)
      }
      do {
        return try await ctx.request.readAll(limit: limit)
      } catch {
        throw EggError(error).status == 413 ? .tooLong : .broken
      }
    }
    guard let answer else { return }
    ctx.status = answer.status
    for field in answer.fields { ctx.append(field.name, field.value) }
    if answer.body.isEmpty, answer.status == 204 || answer.status == 413 {
      ctx.set("Content-Length", "0")
      ctx.body = [UInt8]()
    } else {
      let type = answer.fields.first { $0.name == "Content-Type" }?.value
      ctx.body = answer.body
      if let type { ctx.set("Content-Type", type) }
    }
    ctx.status = answer.status
  }

  private func upgrade(_ ctx: Context) async throws {
    var handshake = Handshake()
    handshake.method = ctx.method
    handshake.httpVersion = ctx.request.httpVersion
    handshake.host = ctx.host
    handshake.upgrade = all(ctx, "upgrade")
    handshake.connection = all(ctx, "connection")
    handshake.version = ctx.get("sec-websocket-version")
    handshake.key = ctx.get("sec-websocket-key")
    handshake.protocols = all(ctx, "sec-websocket-protocol")
    handshake.extensions = all(ctx, "sec-websocket-extensions")
    switch await server.upgrade(request(ctx), handshake) {
    case .refused(let status, let message, let fields):
      ctx.status = status
      ctx.body = message
      ctx.set("Content-Type", "text/html")
      ctx.set("Connection", "close")
      for field in fields { ctx.set(field.name, field.value) }
      ctx.status = status
    case .accepted(let peer, let fields):
      do {
        try ctx.takeOver(PeerConnection(app, peer))
      } catch {
        peer.closed(broken: true)
        throw error
      }
      ctx.status = 101
      for field in fields { ctx.set(field.name, field.value) }
    }
  }

  private func all(_ ctx: Context, _ field: String) -> String {
    ctx.request.headers(field).joined(separator: ",")
  }

  private func request(_ ctx: Context) -> EngineRequest {
    var request = EngineRequest()
    request.method = ctx.method
    request.url = ctx.url
    for (name, values) in ctx.queries { request.query.append((name, values.last ?? "")) }
    request.origin = ctx.get("origin")
    request.contentType = ctx.request.type
    request.requestedHeaders = ctx.get("access-control-request-headers")
    request.userAgent = ctx.get("user-agent")
    request.acceptedCodings = ctx.get("accept-encoding")
    request.address = ctx.ip
    request.isSecure = ctx.secure
    if request.sid == nil || server.moreFields != nil {
      request.headers = Value(ctx.headers).jsonBytes
    }
    return request
  }
}

/// A connection of the kernel's under a WebSocket.
final class PeerConnection: ConnectionHandler, Wire {
  private let app: Application
  private let peer: WebSocketPeer
  private var connection: Connection?

  init(_ app: Application, _ peer: WebSocketPeer) {
    self.app = app
    self.peer = peer
  }

  func opened(_ connection: Connection) {
    self.connection = connection
    peer.opened(self)
  }

  func received(_ connection: Connection, _ bytes: UnsafeRawBufferPointer) { peer.received(bytes) }
  func writable(_ connection: Connection) { peer.writable() }

  func closed(_ reason: CloseReason) {
    connection = nil
    peer.closed(broken: reason == .reset || reason == .timeout)
  }

  // MARK: what goes

  var waiting: Int { connection?.waiting ?? 0 }

  func write(_ frame: [UInt8]) -> WireState { state(connection?.write(frame)) }
  func write(_ frame: UnsafeRawBufferPointer) -> WireState { state(connection?.write(frame)) }

  func write(_ packet: Outgoing, _ revision: Revision) -> WireState {
    guard packet.isShared else { return write(packet.frame(revision)) }
    let isOld = packet.isBinary && revision == .v3
    if let known = (isOld ? packet.sharedV3 : packet.shared) as? SharedBuffer {
      return state(connection?.write(known))
    }
    guard let buffer = app.sharedBuffer(packet.frame(revision)) else {
      return write(packet.frame(revision))
    }
    if isOld { packet.sharedV3 = buffer } else { packet.shared = buffer }
    return state(connection?.write(buffer))
  }

  private func state(_ written: Connection.Written?) -> WireState {
    switch written {
    case .taken?: .taken
    case .wait?: .wait
    case .refused?, nil: .refused
    }
  }

  func pause(_ paused: Bool) { connection?.pause(paused) }
  func close(now: Bool) { connection?.close(now: now) }
}
