/// The kinds of Socket.IO packets, as the digit in front of them.
nonisolated public enum PacketType: UInt8, Sendable {
  case connect = 0x30
  case disconnect, event, ack, error, binaryEvent, binaryAck

  var isBinary: Bool { self == .binaryEvent || self == .binaryAck }
  var isEvent: Bool { self == .event || self == .binaryEvent }
}

/// A packet's parts, as places in its text.
///
/// - Source: Socket.IO protocol 5 and 4, "Packet encoding".
nonisolated struct PacketHead {
  var type: PacketType
  var attachments = 0
  /// Empty is "/".
  var namespace = 0..<0
  /// -1: none.
  var ack = -1
  /// Empty: no payload.
  var json = 0..<0
  /// The first element of an event, a text or a number.
  var name = 0..<0
  var nameIsText = true

  /// The largest whole number that JavaScript keeps apart from its neighbours.
  private static let largest = 1 << 53

  /// - Parameters:
  ///   - maxAttachments: more than these are refused before anything is kept.
  ///   - maxNamespace: bytes of a namespace's name.
  /// - Returns: nil for everything that ends the connection: see "What must close the connection" in
  ///   the README.
  static func read(
    _ bytes: UnsafeRawBufferPointer, maxAttachments: Int, maxNamespace: Int = 1024
  ) -> PacketHead? {
    guard let first = bytes.first, let type = PacketType(rawValue: first) else { return nil }
    var head = PacketHead(type: type)
    var at = 1
    if type.isBinary {
      guard let (count, end) = digits(bytes, at, upTo: maxAttachments), end < bytes.count,
        bytes[end] == UInt8(ascii: "-")
      else { return nil }
      head.attachments = count
      at = end + 1
    }
    if at < bytes.count, bytes[at] == UInt8(ascii: "/") {
      let start = at
      while at < bytes.count, bytes[at] != UInt8(ascii: ",") {
        at += 1
        if at - start > maxNamespace { return nil }
      }
      head.namespace = start..<at
      if at < bytes.count { at += 1 }
    }
    if at < bytes.count, bytes[at] &- 0x30 < 10 {
      guard let (id, end) = digits(bytes, at, upTo: largest) else { return nil }
      head.ack = id
      at = end
    }
    head.json = at..<bytes.count
    return head.readJSON(bytes) ? head : nil
  }

  private static func digits(
    _ bytes: UnsafeRawBufferPointer, _ start: Int, upTo limit: Int
  ) -> (Int, Int)? {
    var number = 0
    var at = start
    while at < bytes.count, bytes[at] &- 0x30 < 10 {
      number = number * 10 + Int(bytes[at] &- 0x30)
      if number > limit { return nil }
      at += 1
    }
    return at > start ? (number, at) : nil
  }

  /// Checks the payload's form and what this kind of packet may carry.
  private mutating func readJSON(_ bytes: UnsafeRawBufferPointer) -> Bool {
    var scan = JSONScan(bytes, from: json.lowerBound, attachments: attachments)
    switch type {
    case .connect:
      if json.isEmpty { return true }
      return bytes[json.lowerBound] == UInt8(ascii: "{") && scan.value() != nil && scan.isAtEnd
    case .disconnect: return json.isEmpty
    case .error: return false
    case .event, .binaryEvent:
      if json.isEmpty { return true }
      guard let (kind, range) = scan.firstElement(), kind == .text || kind == .number,
        scan.restOfList(), scan.isAtEnd, !scan.hasBadPlaceholder
      else { return false }
      name = range
      nameIsText = kind == .text
      return true
    case .ack, .binaryAck:
      if json.isEmpty { return true }
      return bytes[json.lowerBound] == UInt8(ascii: "[") && scan.value() != nil && scan.isAtEnd
        && !scan.hasBadPlaceholder
    }
  }
}

nonisolated enum EventName {
  /// Lends the name of an event, escapes undone.
  static func with(
    _ text: UnsafeRawBufferPointer, _ head: PacketHead, _ body: (UnsafeRawBufferPointer) -> Void
  ) {
    guard head.nameIsText else { return body(UnsafeRawBufferPointer(rebasing: text[head.name])) }
    let inner = text[head.name.lowerBound + 1..<head.name.upperBound - 1]
    guard inner.contains(UInt8(ascii: "\\")) else {
      return body(UnsafeRawBufferPointer(rebasing: inner))
    }
    var name = self.text(UnsafeRawBufferPointer(rebasing: text[head.name]))
    name.withUTF8 { body(UnsafeRawBufferPointer($0)) }
  }

  /// Names that are the library's own.
  static func isReserved(_ name: UnsafeRawBufferPointer) -> Bool {
    switch name.count {
    case 7: name.elementsEqual("connect".utf8)
    case 10: name.elementsEqual("disconnect".utf8)
    case 11: name.elementsEqual("newListener".utf8)
    case 13: name.elementsEqual("connect_error".utf8) || name.elementsEqual("disconnecting".utf8)
    case 14: name.elementsEqual("removeListener".utf8)
    default: false
    }
  }

  /// The text between quotation marks; escapes are undone.
  static func text(_ quoted: UnsafeRawBufferPointer) -> String {
    let inner = UnsafeRawBufferPointer(rebasing: quoted[1..<quoted.count - 1])
    guard inner.contains(UInt8(ascii: "\\")) else { return String(decoding: inner, as: UTF8.self) }
    var out: [UInt16] = []
    var place = 0
    let units = Array(String(decoding: inner, as: UTF8.self).utf16)
    while place < units.count {
      let unit = units[place]
      place += 1
      guard unit == 0x5C, place < units.count else {
        out.append(unit)
        continue
      }
      let escape = units[place]
      place += 1
      switch escape {
      case 0x62: out.append(8)
      case 0x66: out.append(12)
      case 0x6E: out.append(10)
      case 0x72: out.append(13)
      case 0x74: out.append(9)
      case 0x75:
        let digits = String(decoding: units[place..<min(place + 4, units.count)], as: UTF16.self)
        out.append(UInt16(digits, radix: 16) ?? 0xFFFD)
        place += 4
      default: out.append(escape)
      }
    }
    return String(decoding: out, as: UTF16.self)
  }
}
