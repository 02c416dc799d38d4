/// What is wrong with the bytes of the other side. The connection cannot go on: it is closed with
/// this code.
///
/// - Source: RFC 6455 §7.1.7, "Fail the WebSocket Connection".
public struct WebSocketFailure: Error, Hashable, Sendable, CustomStringConvertible {
  public let code: CloseCode
  /// Short enough for a close frame.
  public let message: String

  public init(_ code: CloseCode, _ message: String) {
    self.code = code
    self.message = message
  }

  public var description: String { "\(code.rawValue) \(message)" }
}
