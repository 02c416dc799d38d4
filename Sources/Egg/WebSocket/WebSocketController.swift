/// One WebSocket: a controller of its own kind, made for each connection and kept until it ends.
///
///     final class EchoSocket: WebSocketController {
///       override func message(_ text: String) async throws {
///         try await socket.send(text)
///       }
///     }
///
///     app.router.ws("/echo", app.controller.echo.connect)
///
/// `ctx` is a context of its own with the url, header fields, parameters and address of the request;
/// it lives as long as the connection, and its services with it. Messages come one at a time, in
/// order: the next one when `message` has returned. What comes meanwhile waits, and a client that
/// sends too much is held back.
open class WebSocketController: ContextObject {
  var session: WebSocketSession?

  /// The connection. Sending is possible from `connect` on until it ends.
  public var socket: WebSocket { WebSocket(session: session) }

  /// The subprotocols that are spoken here, the favourite first. The first of the client's that is
  /// among them is agreed on.
  open class var subprotocols: [String] { [] }

  /// Before the answer, still in the request: `request` has the state that middlewares left. An
  /// error refuses the connection and is answered like that of any request.
  open func accept(_ request: Context) async throws {}

  /// The connection is open. Messages wait until this returns.
  ///
  /// An error, here and in `message`, closes with 1008 and its message when the client may see it,
  /// otherwise with 1011; it is then logged and emitted as `error`.
  open func connect() async throws {}

  /// A message of text. Not overridden: closes with 1003, as there is no use for texts.
  open func message(_ text: String) async throws { throw WebSocketUnsupported() }

  /// A message of bytes. Not overridden: closes with 1003.
  open func message(_ data: [UInt8]) async throws { throw WebSocketUnsupported() }

  /// The connection has ended; the last thing that is called.
  ///
  /// - Parameters:
  ///   - code: of the client's close frame; 1005 when it had none, 1006 when the connection broke
  ///     without one, or of ours when the client did not answer it.
  ///   - reason: for people; may be empty.
  open func close(_ code: Int, _ reason: String) async {}
}

struct WebSocketUnsupported: Error {}
