import Glibc

/// Appending the pieces of a message: bytes, text, numbers.
extension ByteBuffer {
  /// Appends `count` bytes from `source`, which must not lie inside this buffer.
  @inline(__always)
  package func append(_ source: UnsafePointer<UInt8>, count: Int) {
    if count <= 0 { return }
    memcpy(reserve(count), source, count)
    didWrite(count)
  }

  @inline(__always)
  package func append(_ bytes: UnsafeBufferPointer<UInt8>) {
    if let start = bytes.baseAddress { append(start, count: bytes.count) }
  }

  package func append(_ bytes: UnsafeRawBufferPointer) {
    append(bytes.bindMemory(to: UInt8.self))
  }

  package func append(_ bytes: [UInt8]) {
    bytes.withUnsafeBufferPointer { append($0) }
  }

  package func append(_ bytes: ArraySlice<UInt8>) {
    bytes.withUnsafeBufferPointer { append($0) }
  }

  /// Appends a literal; the cheapest way, the compiler knows address and length.
  @inline(__always)
  package func append(_ text: StaticString) {
    append(text.utf8Start, count: text.utf8CodeUnitCount)
  }

  /// Appends the UTF-8 bytes of `text`. Disfavoured, so that a literal takes the way above.
  @_disfavoredOverload
  package func append(_ text: String) {
    var text = text
    text.withUTF8 { append($0) }
  }

  @inline(__always)
  package func append(byte: UInt8) {
    reserve(1).pointee = byte
    didWrite(1)
  }

  /// Appends `value` in decimal: `0`, `1234`.
  package func appendDecimal(_ value: UInt64) {
    didWrite(writeDecimal(value, to: reserve(20)))
  }

  /// Writes `value` in decimal, at most 20 digits.
  ///
  /// - Returns: how many.
  @inline(__always)
  func writeDecimal(_ value: UInt64, to start: UnsafeMutablePointer<UInt8>) -> Int {
    if value < 10 {
      start.pointee = 0x30 &+ UInt8(truncatingIfNeeded: value)
      return 1
    }
    if value < 100 {
      start.pointee = 0x30 &+ UInt8(truncatingIfNeeded: value / 10)
      start[1] = 0x30 &+ UInt8(truncatingIfNeeded: value % 10)
      return 2
    }
    var digits = 2
    var rest = value / 100
    while rest > 0 {
      rest /= 10
      digits &+= 1
    }
    rest = value
    var at = digits
    repeat {
      at &-= 1
      let (quotient, digit) = rest.quotientAndRemainder(dividingBy: 10)
      start[at] = 0x30 &+ UInt8(truncatingIfNeeded: digit)
      rest = quotient
    } while rest > 0
    return digits
  }

  /// Appends `value` in decimal, with a minus sign if it has one.
  package func appendDecimal(_ value: Int) {
    if value < 0 { append(byte: UInt8(ascii: "-")) }
    appendDecimal(UInt64(value.magnitude))
  }

  /// Appends `value` in lower-case hexadecimal without leading zeros: `0`, `1f4`.
  package func appendHexadecimal(_ value: UInt64) {
    let start = reserve(16)
    let digits = max(1, (64 &- value.leadingZeroBitCount &+ 3) / 4)
    for at in 0..<digits {
      let digit = UInt8(truncatingIfNeeded: value >> UInt64(4 &* (digits &- 1 &- at))) & 0xF
      start[at] = digit < 10 ? 0x30 &+ digit : 0x57 &+ digit
    }
    didWrite(digits)
  }
}
