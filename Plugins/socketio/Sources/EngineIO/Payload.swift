/// The bodies of polling requests: several packets in one.
///
/// - Source: Engine.IO protocol 4, "Payload encoding"; protocol 3, "Encoding" and "XHR2".
nonisolated public enum Payload {
  /// What is wrong with a payload. Packets before it have been delivered.
  public enum Failure: Error, Equatable { case malformed, tooMany }

  static let separator: UInt8 = 0x1E

  // MARK: reading

  /// Takes a body apart.
  ///
  /// - Parameters:
  ///   - limit: the number of packets that a body may have.
  ///   - deliver: gets the packets in order; false ends the reading.
  public static func read(
    _ body: [UInt8], _ revision: Revision, binary: Bool = false, limit: Int,
    _ deliver: (Incoming) -> Bool
  ) throws(Failure) {
    let result: Result<Void, Failure> = body.withUnsafeBytes { bytes in
      do throws(Failure) {
        switch revision {
        case .v4: try readV4(bytes, limit, deliver)
        case .v3 where binary: try readBinaryV3(bytes, limit, deliver)
        case .v3: try readV3(bytes, limit, deliver)
        }
        return .success(())
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  private static func readV4(
    _ bytes: UnsafeRawBufferPointer, _ limit: Int, _ deliver: (Incoming) -> Bool
  ) throws(Failure) {
    var start = 0
    var count = 0
    while start <= bytes.count {
      var end = start
      while end < bytes.count, bytes[end] != separator { end += 1 }
      count += 1
      if count > limit { throw .tooMany }
      let packet = UnsafeRawBufferPointer(rebasing: bytes[start..<end])
      guard let incoming = textPacket(packet, .v4) else { throw .malformed }
      guard deliver(incoming) else { return }
      start = end + 1
    }
  }

  /// A packet that came as text, on its own.
  ///
  /// - Returns: nil when it is empty, begins with something else than a digit from 0 to 6 or `b`, or
  ///   is not UTF-8 or base64.
  public static func textPacket(
    _ packet: UnsafeRawBufferPointer, _ revision: Revision, isChecked: Bool = false
  ) -> Incoming? {
    guard let first = packet.first else { return nil }
    if first == UInt8(ascii: "b") {
      var start = 1
      if revision == .v3 {
        guard packet.count > 1, packet[1] == PacketKind.message.rawValue else { return nil }
        start = 2
      }
      return Base64.decode(UnsafeRawBufferPointer(rebasing: packet[start...])).map { .binary($0) }
    }
    guard let kind = PacketKind(rawValue: first) else { return nil }
    let body = Array(packet[1...])
    if !isChecked, !isText(body) { return nil }
    return .text(kind, body)
  }

  private static func isText(_ bytes: [UInt8]) -> Bool {
    if bytes.allSatisfy({ $0 < 0x80 }) { return true }
    return String(validating: bytes, as: UTF8.self) != nil
  }

  /// `<length>:<packet>` again and again, the length in UTF-16 units.
  private static func readV3(
    _ bytes: UnsafeRawBufferPointer, _ limit: Int, _ deliver: (Incoming) -> Bool
  ) throws(Failure) {
    var at = 0
    var count = 0
    guard !bytes.isEmpty else { throw .malformed }
    while at < bytes.count {
      var length = 0
      let digits = at
      while at < bytes.count, bytes[at] &- 0x30 < 10 {
        length = length &* 10 &+ Int(bytes[at] &- 0x30)
        at += 1
        if at - digits > 9 { throw .malformed }
      }
      guard at > digits, at < bytes.count, bytes[at] == UInt8(ascii: ":") else { throw .malformed }
      at += 1
      // The empty payload.
      if length == 0, at == bytes.count, count == 0 { return }
      let start = at
      var units = 0
      while units < length, at < bytes.count {
        let lead = bytes[at]
        let width = lead < 0x80 ? 1 : lead < 0xE0 ? 2 : lead < 0xF0 ? 3 : 4
        units += width == 4 ? 2 : 1
        at += width
      }
      guard units == length, at <= bytes.count, length > 0 else { throw .malformed }
      count += 1
      if count > limit { throw .tooMany }
      let packet = UnsafeRawBufferPointer(rebasing: bytes[start..<at])
      guard let incoming = textPacket(packet, .v3) else { throw .malformed }
      guard deliver(incoming) else { return }
    }
  }

  /// 0 or 1, the length in digits of one byte each, 255, the packet.
  private static func readBinaryV3(
    _ bytes: UnsafeRawBufferPointer, _ limit: Int, _ deliver: (Incoming) -> Bool
  ) throws(Failure) {
    var at = 0
    var count = 0
    guard !bytes.isEmpty else { throw .malformed }
    while at < bytes.count {
      let isBinary = bytes[at] == 1
      guard bytes[at] <= 1 else { throw .malformed }
      at += 1
      var length = 0
      let digits = at
      while at < bytes.count, bytes[at] < 10 {
        length = length &* 10 &+ Int(bytes[at])
        at += 1
        if at - digits > 9 { throw .malformed }
      }
      guard at > digits, at < bytes.count, bytes[at] == 0xFF else { throw .malformed }
      at += 1
      guard length > 0, length <= bytes.count - at else { throw .malformed }
      let packet = UnsafeRawBufferPointer(rebasing: bytes[at..<at + length])
      at += length
      count += 1
      if count > limit { throw .tooMany }
      if isBinary {
        guard packet[0] == 4 else { throw .malformed }
        guard deliver(.binary(Array(packet[1...]))) else { return }
      } else {
        guard let incoming = textPacket(packet, .v3) else { throw .malformed }
        guard deliver(incoming) else { return }
      }
    }
  }

  // MARK: writing

  /// - Parameter allowBinary: v3 only, the client takes bodies of bytes.
  /// - Returns: the body, and whether it is one of bytes.
  public static func write(
    _ packets: ArraySlice<Outgoing>, _ revision: Revision, allowBinary: Bool
  ) -> (body: [UInt8], isBinary: Bool) {
    var out: [UInt8] = []
    out.reserveCapacity(packets.reduce(0) { $0 + $1.body.count + 12 })
    if revision == .v3, allowBinary, packets.contains(where: \.isBinary) {
      for packet in packets { appendBinaryV3(packet, to: &out) }
      return (out, true)
    }
    for (place, packet) in packets.enumerated() {
      switch revision {
      case .v4:
        if place > 0 { out.append(separator) }
        appendText(packet, .v4, to: &out)
      case .v3:
        var text: [UInt8] = []
        appendText(packet, .v3, to: &text)
        out.append(contentsOf: String(utf16Count(text)).utf8)
        out.append(UInt8(ascii: ":"))
        out.append(contentsOf: text)
      }
    }
    return (out, false)
  }

  /// A packet as text: the digit and the body, or `b` and base64.
  static func appendText(_ packet: Outgoing, _ revision: Revision, to out: inout [UInt8]) {
    if packet.isBinary {
      out.append(UInt8(ascii: "b"))
      if revision == .v3 { out.append(PacketKind.message.rawValue) }
      Base64.append(packet.body, to: &out)
    } else {
      out.append(packet.kind.rawValue)
      out.append(contentsOf: packet.body)
    }
  }

  private static func appendBinaryV3(_ packet: Outgoing, to out: inout [UInt8]) {
    out.append(packet.isBinary ? 1 : 0)
    for digit in String(packet.body.count + 1).utf8 { out.append(digit - 0x30) }
    out.append(0xFF)
    out.append(packet.isBinary ? 4 : packet.kind.rawValue)
    out.append(contentsOf: packet.body)
  }

  private static func utf16Count(_ text: [UInt8]) -> Int {
    var count = 0
    for byte in text where byte & 0xC0 != 0x80 { count += byte >= 0xF0 ? 2 : 1 }
    return count
  }
}
