public import EngineIO

/// EventArguments of an event or an acknowledgement: JSON text, and the bytes that its placeholders
/// `{"_placeholder":true,"num":0}` stand for.
nonisolated public struct EventArguments: Sendable, Equatable {
  /// A list: `["message","hi"]`.
  public var json: [UInt8]
  public var attachments: [[UInt8]]

  public init(json: [UInt8], attachments: [[UInt8]] = []) {
    self.json = json
    self.attachments = attachments
  }

  public init(_ json: String) { self.init(json: Array(json.utf8)) }
}

/// A packet on its way out, written once for all who get it.
public struct OutPacket {
  /// The text, and the attachments behind it.
  public let parts: [Outgoing]

  /// - Parameters:
  ///   - ack: the id that the answer carries; -1: none.
  public init(
    _ type: PacketType, _ namespace: String, ack: Int = -1, _ arguments: EventArguments? = nil,
    isVolatile: Bool = false, isShared: Bool = false, isPlain: Bool = false
  ) {
    let attachments = arguments?.attachments ?? []
    var text: [UInt8] = []
    text.reserveCapacity((arguments?.json.count ?? 0) + namespace.utf8.count + 24)
    switch type {
    case .event where !attachments.isEmpty: text.append(PacketType.binaryEvent.rawValue)
    case .ack where !attachments.isEmpty: text.append(PacketType.binaryAck.rawValue)
    default: text.append(type.rawValue)
    }
    if !attachments.isEmpty {
      text.append(contentsOf: String(attachments.count).utf8)
      text.append(UInt8(ascii: "-"))
    }
    if namespace != "/" {
      text.append(contentsOf: namespace.utf8)
      text.append(UInt8(ascii: ","))
    }
    if ack >= 0 { text.append(contentsOf: String(ack).utf8) }
    if let arguments { text.append(contentsOf: arguments.json) }
    let head = Outgoing(
      .message, text, isVolatile: isVolatile, isShared: isShared, isPlain: isPlain)
    parts =
      attachments.isEmpty
      ? [head]
      : [head]
        + attachments.map {
          Outgoing(
            .message, $0, isBinary: true, isVolatile: isVolatile, isShared: isShared,
            isPlain: isPlain)
        }
  }

  func send(to session: Session) {
    // A volatile packet goes as a whole or not at all.
    if parts.count > 1, parts[0].isVolatile, !session.isWritable { return }
    for part in parts { session.send(part) }
  }
}

/// JSON text of a string.
nonisolated public func jsonText(_ text: String) -> [UInt8] {
  var out: [UInt8] = [UInt8(ascii: "\"")]
  for byte in text.utf8 {
    switch byte {
    case UInt8(ascii: "\""), UInt8(ascii: "\\"): out += [UInt8(ascii: "\\"), byte]
    case ..<0x20: out += Array(("\\u00" + (byte < 16 ? "0" : "") + String(byte, radix: 16)).utf8)
    default: out.append(byte)
    }
  }
  out.append(UInt8(ascii: "\""))
  return out
}
