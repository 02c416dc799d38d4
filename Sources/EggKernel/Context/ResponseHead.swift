import EggHTTPSemantics
import Glibc

/// The header fields set on a response: one run of bytes and their places, kept between requests.
struct ResponseHead: ~Copyable {
  struct Field {
    var name: ByteRange
    var value: ByteRange
  }

  /// Bytes all fields of one response may take.
  static let limit = 64 * 1024

  private(set) var fields: [Field] = []
  private let bytes = ByteBuffer()

  /// - Returns: false when over the limit.
  mutating func add(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard bytes.count + name.count + value.count <= ResponseHead.limit, fields.count < 256 else {
      return false
    }
    if mayMove(name, value) {
      let (name, value) = (Array(name), Array(value))
      return name.withUnsafeBufferPointer { name in
        value.withUnsafeBufferPointer { value in add(name, value) }
      }
    }
    let nameRange = ByteRange(offset: bytes.count, length: name.count)
    bytes.append(name)
    let valueRange = ByteRange(offset: bytes.count, length: value.count)
    bytes.append(value)
    fields.append(Field(name: nameRange, value: valueRange))
    return true
  }

  /// Replaces every field of that name, keeping the place of the first.
  mutating func set(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard let first = index(of: name) else { return add(name, value) }
    guard bytes.count + value.count <= ResponseHead.limit else { return false }
    if mayMove(name, value) {
      let (name, value) = (Array(name), Array(value))
      return name.withUnsafeBufferPointer { name in
        value.withUnsafeBufferPointer { value in set(name, value) }
      }
    }
    let range = ByteRange(offset: bytes.count, length: value.count)
    bytes.append(value)
    fields[first].value = range
    var at = fields.count - 1
    while at > first {
      if isNamed(fields[at], name) { fields.remove(at: at) }
      at -= 1
    }
    return true
  }

  mutating func set(_ name: StaticString, _ value: UnsafeBufferPointer<UInt8>) -> Bool {
    set(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), value)
  }

  mutating func remove(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    var found = false
    while let index = index(of: name) {
      fields.remove(at: index)
      found = true
    }
    return found
  }

  mutating func remove(_ name: StaticString) {
    if fields.isEmpty { return }
    _ = remove(UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount))
  }

  /// Where occurrence `nth` of the field is.
  func index(of name: UnsafeBufferPointer<UInt8>, nth: Int = 0) -> Int? {
    var left = nth
    for (index, field) in fields.enumerated() where isNamed(field, name) {
      if left == 0 { return index }
      left -= 1
    }
    return nil
  }

  func contains(_ name: StaticString) -> Bool {
    !fields.isEmpty
      && index(
        of: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)) != nil
  }

  func value(_ name: StaticString) -> UnsafeBufferPointer<UInt8>? {
    let name = UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount)
    guard let index = index(of: name) else { return nil }
    return fields[index].value.bytes(in: bytes.readPointer)
  }

  func name(at index: Int) -> UnsafeBufferPointer<UInt8> {
    fields[index].name.bytes(in: bytes.readPointer)
  }

  func value(at index: Int) -> UnsafeBufferPointer<UInt8> {
    fields[index].value.bytes(in: bytes.readPointer)
  }

  mutating func reset() {
    if bytes.isEmpty { return }
    fields.removeAll(keepingCapacity: true)
    bytes.reset()
  }

  /// Whether the texts are views of fields set before, which growing would free under them.
  private func mayMove(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard bytes.room < name.count + value.count, bytes.capacity > 0 else { return false }
    let memory = bytes.readPointer..<(bytes.readPointer + bytes.capacity)
    return value.baseAddress.map { memory.contains($0) } ?? false
      || name.baseAddress.map { memory.contains($0) } ?? false
  }

  private func isNamed(_ field: Field, _ name: UnsafeBufferPointer<UInt8>) -> Bool {
    guard field.name.count == name.count, let start = name.baseAddress else { return false }
    return equalIgnoringCase(bytes.readPointer + field.name.start, start, count: name.count)
  }
}
