/// What a frame is.
///
/// - Source: RFC 6455 §5.2; numbers that are not here are reserved and refused.
public enum Opcode: UInt8, Sendable {
  case continuation = 0x0
  case text = 0x1
  case binary = 0x2
  case close = 0x8
  case ping = 0x9
  case pong = 0xA

  /// Control frames may come between the pieces of a message.
  public var isControl: Bool { rawValue >= 0x8 }
}
