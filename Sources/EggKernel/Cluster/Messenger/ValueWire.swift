import PluginABI

/// Values as bytes, for the way between processes.
///
/// A byte for the kind, then: a byte for a boolean, a zigzag varint for integers and times, eight
/// bytes for doubles, a varint count and what it counts for the rest. Both ends are the same program,
/// so there is no version; the reader checks every length all the same.
enum ValueWire {
  /// - Throws: `.malformed` for a tree that has objects or pointers that lead nowhere, `.tooDeep`.
  static func append(
    _ value: egg_value, to bytes: ByteBuffer, depth: Int = 0
  ) throws(TreeRefusal) {
    switch value.kind {
    case Kind.bool:
      bytes.append(byte: value.kind)
      bytes.append(byte: value.as.boolean ? 1 : 0)
    case Kind.int, Kind.time:
      bytes.append(byte: value.kind)
      let number = value.as.integer
      append(varint: UInt64(bitPattern: number << 1 ^ number >> 63), to: bytes)
    case Kind.double:
      bytes.append(byte: value.kind)
      withUnsafeBytes(of: value.as.number.bitPattern.littleEndian) { bytes.append($0) }
    case Kind.string:
      let text = egg_str(ptr: value.as.string, len: Int(value.count))
      guard text.isPlausible else { throw .malformed }
      // The flag for text that is HTML already travels beside the kind.
      bytes.append(byte: value.kind | (value.flags & UInt8(EGG_VALUE_SAFE)) << 7)
      append(text.bytes, to: bytes)
    case Kind.bytes:
      guard value.count == 0 || value.as.bytes != nil else { throw .malformed }
      bytes.append(byte: value.kind)
      append(UnsafeBufferPointer(start: value.as.bytes, count: Int(value.count)), to: bytes)
    case Kind.list:
      guard depth < TreeCopier.depthLimit else { throw .tooDeep }
      guard value.count == 0 || value.as.items != nil else { throw .malformed }
      bytes.append(byte: value.kind)
      append(varint: UInt64(value.count), to: bytes)
      for index in 0..<Int(value.count) {
        try append(value.as.items![index], to: bytes, depth: depth + 1)
      }
    case Kind.map:
      guard depth < TreeCopier.depthLimit else { throw .tooDeep }
      guard value.count == 0 || value.as.pairs != nil else { throw .malformed }
      bytes.append(byte: value.kind)
      append(varint: UInt64(value.count), to: bytes)
      for index in 0..<Int(value.count) {
        let pair = value.as.pairs![index]
        guard pair.key.isPlausible else { throw .malformed }
        append(pair.key.bytes, to: bytes)
        try append(pair.value, to: bytes, depth: depth + 1)
      }
    case Kind.object:
      throw .malformed
    default:
      bytes.append(byte: value.kind == Kind.null ? value.kind : Kind.undefined)
    }
  }

  private static func append(_ content: UnsafeBufferPointer<UInt8>, to bytes: ByteBuffer) {
    append(varint: UInt64(content.count), to: bytes)
    bytes.append(content)
  }

  private static func append(varint number: UInt64, to bytes: ByteBuffer) {
    var rest = number
    while rest >= 0x80 {
      bytes.append(byte: UInt8(truncatingIfNeeded: rest) | 0x80)
      rest >>= 7
    }
    bytes.append(byte: UInt8(rest))
  }
}

/// Reads what `ValueWire` wrote; trees are laid out in an arena, texts point into the bytes.
struct ValueWireReader {
  private var next: UnsafePointer<UInt8>
  private var left: Int

  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    next = bytes.baseAddress ?? ValueWireReader.nothing
    left = bytes.baseAddress == nil ? 0 : bytes.count
  }

  private nonisolated(unsafe) static let nothing = UnsafePointer(
    UnsafeMutablePointer<UInt8>.allocate(capacity: 1))

  var isAtEnd: Bool { left == 0 }

  /// - Returns: nil when the bytes are not a value.
  mutating func value(in arena: inout Arena, depth: Int = 0) -> egg_value? {
    guard let tag = byte() else { return nil }
    var value = egg_value()
    value.kind = tag & 0x7F
    switch value.kind {
    case Kind.undefined, Kind.null:
      break
    case Kind.bool:
      guard let flag = byte() else { return nil }
      value.as.boolean = flag != 0
    case Kind.int, Kind.time:
      guard let number = varint() else { return nil }
      value.as.integer = Int64(bitPattern: number >> 1) ^ -Int64(bitPattern: number & 1)
    case Kind.double:
      guard left >= 8 else { return nil }
      let bits = UnsafeRawPointer(next).loadUnaligned(as: UInt64.self)
      value.as.number = Double(bitPattern: UInt64(littleEndian: bits))
      skip(8)
    case Kind.string:
      guard let content = content() else { return nil }
      value.flags = tag >> 7
      value.count = UInt32(content.count)
      value.as.string = egg_str(content).ptr
    case Kind.bytes:
      guard let content = content() else { return nil }
      value.count = UInt32(content.count)
      value.as.bytes = content.baseAddress
    case Kind.list:
      guard depth < TreeCopier.depthLimit, let count = count(each: 1) else { return nil }
      value.count = UInt32(count)
      guard count > 0 else { break }
      guard let items = arena.array(of: egg_value.self, count: count) else { return nil }
      for index in 0..<count {
        guard let item = self.value(in: &arena, depth: depth + 1) else { return nil }
        items[index] = item
      }
      value.as.items = UnsafePointer(items)
    case Kind.map:
      guard depth < TreeCopier.depthLimit, let count = count(each: 2) else { return nil }
      value.count = UInt32(count)
      guard count > 0 else { break }
      guard let pairs = arena.array(of: egg_pair.self, count: count) else { return nil }
      for index in 0..<count {
        guard let key = content(), let item = self.value(in: &arena, depth: depth + 1) else {
          return nil
        }
        pairs[index] = egg_pair(key: egg_str(key), value: item)
      }
      value.as.pairs = UnsafePointer(pairs)
    default:
      return nil
    }
    return value
  }

  private mutating func skip(_ count: Int) {
    next += count
    left -= count
  }

  private mutating func byte() -> UInt8? {
    guard left > 0 else { return nil }
    defer { skip(1) }
    return next.pointee
  }

  private mutating func varint() -> UInt64? {
    var number: UInt64 = 0
    for place in 0..<10 {
      guard let byte = byte() else { return nil }
      number |= UInt64(byte & 0x7F) << UInt64(place * 7)
      if byte < 0x80 { return number }
    }
    return nil
  }

  /// A count of things that take at least `each` bytes; no more can follow than there are bytes.
  private mutating func count(each: Int) -> Int? {
    guard let number = varint(), number <= UInt64(left / each), number <= UInt64(UInt32.max) else {
      return nil
    }
    return Int(number)
  }

  private mutating func content() -> UnsafeBufferPointer<UInt8>? {
    guard let count = count(each: 1) else { return nil }
    defer { skip(count) }
    return UnsafeBufferPointer(start: next, count: count)
  }
}
