/// The four bytes that a client's payload is combined with.
///
/// - Source: RFC 6455 §5.3.
public struct Mask: Hashable, Sendable {
  /// The first byte of the key is the lowest, as it lies in memory on this kind of machine.
  let key: UInt32

  /// - Parameter bytes: the four bytes in the order in which they are sent.
  public init(_ first: UInt8, _ second: UInt8, _ third: UInt8, _ fourth: UInt8) {
    key = UInt32(first) | UInt32(second) << 8 | UInt32(third) << 16 | UInt32(fourth) << 24
  }

  init(key: UInt32) { self.key = key }

  /// A key that nobody can foresee, as clients need.
  public static func random() -> Mask { Mask(key: UInt32.random(in: .min ... .max)) }

  /// The bytes in the order in which they are sent.
  public var bytes: [UInt8] {
    [
      UInt8(truncatingIfNeeded: key), UInt8(truncatingIfNeeded: key >> 8),
      UInt8(truncatingIfNeeded: key >> 16), UInt8(truncatingIfNeeded: key >> 24),
    ]
  }

  /// Masks, or unmasks: both are the same.
  ///
  /// - Parameter offset: how many bytes of the payload lie before these.
  public func apply(to bytes: UnsafeMutableRawBufferPointer, offset: Int) {
    let turn = UInt32(truncatingIfNeeded: (offset & 3) &* 8)
    let rotated = turn == 0 ? key : key >> turn | key << (32 &- turn)
    let wide = UInt64(rotated) | UInt64(rotated) << 32
    var place = 0
    while place &+ 8 <= bytes.count {
      let word = bytes.loadUnaligned(fromByteOffset: place, as: UInt64.self)
      bytes.storeBytes(
        of: (UInt64(littleEndian: word) ^ wide).littleEndian, toByteOffset: place,
        as: UInt64.self)
      place &+= 8
    }
    while place < bytes.count {
      let shift = UInt32(truncatingIfNeeded: (place & 3) &* 8)
      bytes[place] ^= UInt8(truncatingIfNeeded: rotated >> shift)
      place &+= 1
    }
  }
}
