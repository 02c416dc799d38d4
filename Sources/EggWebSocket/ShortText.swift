/// A short message of text from a client that lies in one piece: what nearly all messages are. It is
/// unmasked and checked in one pass, on the stack.
///
/// What has anything unusual is left to the general way, which also says what is wrong.
///
/// - Source: RFC 6455 §5.2: a final text frame, masked, of at most 125 bytes.
struct ShortText {
  static let longest = 125
  private static let headSize = 6

  private let payload: UnsafeRawBufferPointer
  private let mask: UInt32

  /// Of the frame.
  var size: Int { Self.headSize &+ payload.count }

  init?(
    _ bytes: Slice<UnsafeRawBufferPointer>, _ role: MessageParser.Role, _ maxPayload: UInt64
  ) {
    guard role == .server, bytes.count >= Self.headSize else { return nil }
    let start = bytes.startIndex
    guard bytes.base[start] == 0x81, bytes.base[start &+ 1] & 0x80 != 0 else { return nil }
    let count = Int(bytes.base[start &+ 1] & 0x7F)
    guard count <= Self.longest, count &+ Self.headSize <= bytes.count, count <= maxPayload else {
      return nil
    }
    mask = bytes.base.loadUnaligned(fromByteOffset: start &+ 2, as: UInt32.self)
    let first = start &+ Self.headSize
    payload = UnsafeRawBufferPointer(rebasing: bytes.base[first..<first &+ count])
  }

  /// - Returns: false when it is no UTF-8; then nothing was delivered.
  func deliver(_ body: (UnsafeRawBufferPointer) -> Void) -> Bool {
    withUnsafeTemporaryAllocation(byteCount: 128, alignment: 8) { room in
      let wide = UInt64(mask) | UInt64(mask) << 32
      var high: UInt64 = 0
      var place = 0
      while place &+ 8 <= payload.count {
        let word = payload.loadUnaligned(fromByteOffset: place, as: UInt64.self) ^ wide
        room.storeBytes(of: word, toByteOffset: place, as: UInt64.self)
        high |= word
        place &+= 8
      }
      while place < payload.count {
        let shift = UInt32(truncatingIfNeeded: (place & 3) &* 8)
        let byte = payload[place] ^ UInt8(truncatingIfNeeded: mask >> shift)
        room[place] = byte
        high |= UInt64(byte)
        place &+= 1
      }
      let text = UnsafeRawBufferPointer(rebasing: room[..<payload.count])
      if high & 0x8080_8080_8080_8080 != 0 {
        var validator = UTF8Validator()
        guard validator.feed(text), validator.isComplete else { return false }
      }
      body(text)
      return true
    }
  }
}
