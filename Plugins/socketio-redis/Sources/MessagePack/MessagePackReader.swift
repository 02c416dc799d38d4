import Egg

/// MessagePack as a value.
///
/// Extensions that are known become what they mean: a time of the standard's type -1 or of
/// notepack 2's type 0, and notepack's `undefined` (type 0 with one byte) `null`. Others are
/// `null` too. Keys that are no text are written as text.
///
/// - Source: the MessagePack specification; notepack.io for extension type 0.
nonisolated public struct MessagePackReader {
  private let bytes: UnsafeBufferPointer<UInt8>
  private var place = 0
  private var depth = 0
  private static let maxDepth = 128

  private init(_ bytes: UnsafeBufferPointer<UInt8>) { self.bytes = bytes }

  /// - Throws: `MessagePackError` for bytes that end early, go on behind the value, or nest deeper
  ///   than 128. Lengths are compared with what is there before memory is taken.
  public static func read(_ bytes: [UInt8]) throws(MessagePackError) -> Value {
    try bytes.withUnsafeBufferPointer { bytes throws(MessagePackError) in
      var reader = MessagePackReader(bytes)
      let value = try reader.value()
      guard reader.place == bytes.count else { throw reader.error("bytes behind the value") }
      return value
    }
  }

  private func error(_ message: String) -> MessagePackError {
    MessagePackError(message: message, offset: place)
  }

  private mutating func value() throws(MessagePackError) -> Value {
    let type = UInt8(try unsigned(1))
    switch type {
    case 0x00...0x7F: return .integer(Int(type))
    case 0x80...0x8F: return try map(Int(type & 0x0F))
    case 0x90...0x9F: return try list(Int(type & 0x0F))
    case 0xA0...0xBF: return try text(Int(type & 0x1F))
    case 0xC0: return .null
    case 0xC2: return false
    case 0xC3: return true
    case 0xC4...0xC6: return .data(Array(try take(try length(type - 0xC4))))
    case 0xC7...0xC9: return try extended(try length(type - 0xC7))
    case 0xCA: return .number(Double(Float(bitPattern: UInt32(try unsigned(4)))))
    case 0xCB: return .number(Double(bitPattern: try unsigned(8)))
    case 0xCC...0xCF: return Value(try unsigned(1 << Int(type - 0xCC)))
    case 0xD0: return .integer(Int(Int8(bitPattern: UInt8(try unsigned(1)))))
    case 0xD1: return .integer(Int(Int16(bitPattern: UInt16(try unsigned(2)))))
    case 0xD2: return .integer(Int(Int32(bitPattern: UInt32(try unsigned(4)))))
    case 0xD3: return .integer(Int(Int64(bitPattern: try unsigned(8))))
    case 0xD4...0xD8: return try extended(1 << Int(type - 0xD4))
    case 0xD9...0xDB: return try text(try length(type - 0xD9))
    case 0xDC, 0xDD: return try list(try length(type - 0xDC + 1))
    case 0xDE, 0xDF: return try map(try length(type - 0xDE + 1))
    case 0xE0...0xFF: return .integer(Int(Int8(bitPattern: type)))
    default:
      place -= 1
      throw error("no value begins with \(type)")
    }
  }

  // MARK: parts

  private mutating func take(_ count: Int) throws(MessagePackError) -> UnsafeBufferPointer<UInt8> {
    guard count <= bytes.count - place else { throw error("\(count) bytes are not there") }
    defer { place += count }
    return UnsafeBufferPointer(rebasing: bytes[place..<(place + count)])
  }

  private mutating func unsigned(_ count: Int) throws(MessagePackError) -> UInt64 {
    var number: UInt64 = 0
    for byte in try take(count) { number = number << 8 | UInt64(byte) }
    return number
  }

  /// Of 1, 2 or 4 bytes.
  private mutating func length(_ size: UInt8) throws(MessagePackError) -> Int {
    Int(try unsigned(1 << Int(size)))
  }

  private mutating func text(_ count: Int) throws(MessagePackError) -> Value {
    .text(String(decoding: try take(count), as: UTF8.self))
  }

  private mutating func enter(_ count: Int, each least: Int) throws(MessagePackError) {
    guard depth < Self.maxDepth else { throw error("nested deeper than \(Self.maxDepth)") }
    guard count <= (bytes.count - place) / least else {
      throw error("\(count) elements are not there")
    }
    depth += 1
  }

  private mutating func list(_ count: Int) throws(MessagePackError) -> Value {
    try enter(count, each: 1)
    var items: [Value] = []
    items.reserveCapacity(count)
    for _ in 0..<count { items.append(try value()) }
    depth -= 1
    return .list(items)
  }

  private mutating func map(_ count: Int) throws(MessagePackError) -> Value {
    try enter(count, each: 2)
    var map = ValueMap()
    map.reserveCapacity(min(count, 64))
    for _ in 0..<count {
      let key = try value()
      map[key.description] = try value()
    }
    depth -= 1
    return .map(map)
  }

  private mutating func extended(_ count: Int) throws(MessagePackError) -> Value {
    let type = Int8(bitPattern: UInt8(try unsigned(1)))
    switch (type, count) {
    case (0, 8): return .moment(Int(Int64(bitPattern: try unsigned(8))))
    case (-1, 4): return .moment(Int(try unsigned(4)) * 1000)
    case (-1, 8):
      let both = try unsigned(8)
      return .moment(Int(both & 0x3_FFFF_FFFF) * 1000 + Int(both >> 34) / 1_000_000)
    case (-1, 12):
      let nanoseconds = Int(try unsigned(4))
      let seconds = Int(Int64(bitPattern: try unsigned(8)))
      let (milliseconds, overflow) = seconds.multipliedReportingOverflow(by: 1000)
      guard !overflow, abs(milliseconds) < .max / 2 else { return .null }
      return .moment(milliseconds + nanoseconds / 1_000_000)
    default:
      _ = try take(count)
      return .null
    }
  }
}
