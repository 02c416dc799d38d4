/// The revision of Engine.IO that a client speaks.
nonisolated public enum Revision: Int, Sendable {
  /// Clients 1.x and 2.x: lengths in front of packets, the client sends the pings.
  case v3 = 3
  /// Clients 3.x and 4.x.
  case v4 = 4
}

/// What stands in front of every packet.
nonisolated public enum PacketKind: UInt8, Sendable {
  case open = 0x30
  case close, ping, pong, message, upgrade, noop
}

/// A packet from a client.
nonisolated public enum Incoming: Equatable, Sendable {
  case text(PacketKind, [UInt8])
  /// A message of bytes.
  case binary([UInt8])
}

/// A packet for one client or for many: what it takes on the wire is made once and kept.
nonisolated public final class Outgoing: @unchecked Sendable {
  /// Without the digit in front. Bytes when `isBinary`.
  public let body: [UInt8]
  public let kind: PacketKind
  public let isBinary: Bool
  /// Dropped when it cannot be sent at once.
  public let isVolatile: Bool
  /// Goes to more than one client.
  public let isShared: Bool
  /// Is not compressed: `compress(false)`.
  public let isPlain: Bool
  /// What the host keeps with it for fan-out: frames in memory that connections share.
  public var shared: AnyObject?
  public var sharedV3: AnyObject?
  /// The body is the whole payload of a WebSocket message, compressed.
  let isCompressed: Bool
  /// The same packet compressed, for all who get it.
  var compressed: Outgoing?

  public convenience init(
    _ kind: PacketKind, _ body: [UInt8] = [], isBinary: Bool = false, isVolatile: Bool = false,
    isShared: Bool = false, isPlain: Bool = false
  ) {
    self.init(
      kind, body, isBinary: isBinary, isVolatile: isVolatile, isShared: isShared,
      isPlain: isPlain, isCompressed: false)
  }

  /// - Parameter payload: of the packet's message, compressed.
  convenience init(_ packet: Outgoing, payload: [UInt8]) {
    self.init(
      packet.kind, payload, isBinary: packet.isBinary, isVolatile: packet.isVolatile,
      isShared: packet.isShared, isPlain: false, isCompressed: true)
  }

  private init(
    _ kind: PacketKind, _ body: [UInt8], isBinary: Bool, isVolatile: Bool, isShared: Bool,
    isPlain: Bool, isCompressed: Bool
  ) {
    self.isPlain = isPlain
    self.isCompressed = isCompressed
    self.isShared = isShared
    self.kind = kind
    self.body = body
    self.isBinary = isBinary
    self.isVolatile = isVolatile
  }

  /// What it counts in a queue.
  public var size: Int { body.count + 1 }
}
