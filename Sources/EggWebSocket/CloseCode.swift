/// Why a WebSocket ends: the number in a close frame.
///
/// - Source: RFC 6455 §7.4 and the IANA registry "WebSocket Close Code Number".
public struct CloseCode: RawRepresentable, Hashable, Sendable {
  public let rawValue: UInt16

  public init(rawValue: UInt16) { self.rawValue = rawValue }
  public init(_ number: UInt16) { rawValue = number }

  /// The purpose is fulfilled.
  public static let normal = CloseCode(1000)
  /// The server ends, or the page is left.
  public static let goingAway = CloseCode(1001)
  public static let protocolError = CloseCode(1002)
  /// This kind of message is not understood here.
  public static let unsupportedData = CloseCode(1003)
  /// The close frame had no number. Never sent.
  public static let noStatus = CloseCode(1005)
  /// The connection broke without a close frame. Never sent.
  public static let abnormal = CloseCode(1006)
  /// The bytes of a text are not UTF-8.
  public static let invalidPayload = CloseCode(1007)
  public static let policyViolation = CloseCode(1008)
  public static let messageTooBig = CloseCode(1009)
  /// The server met a condition that it did not expect.
  public static let internalError = CloseCode(1011)

  /// May stand in a close frame: 1000–1003, 1007–1014, and 3000–4999 for libraries and applications.
  public var canBeSent: Bool {
    switch rawValue {
    case 1000...1003, 1007...1014, 3000...4999: true
    default: false
    }
  }
}
