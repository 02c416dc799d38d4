internal import CEggSocketIO
internal import Egg

// Texts, lists and callbacks across the edge. The plugin calls on the loop's thread, which is the main
// actor, so its callbacks are main actor functions that are handed over as plain ones.

extension egg_str {
  var bytes: UnsafeRawBufferPointer {
    UnsafeRawBufferPointer(start: len > 0 ? ptr : nil, count: len)
  }
  var string: String { String(decoding: bytes, as: UTF8.self) }
  var array: [UInt8] { Array(bytes) }
}

func text(_ bytes: UnsafeRawBufferPointer) -> egg_str {
  egg_str(ptr: bytes.baseAddress?.assumingMemoryBound(to: CChar.self), len: bytes.count)
}

func withBytes<R>(_ string: String, _ body: (egg_str) -> R) -> R {
  var string = string
  return string.withUTF8 { body(text(UnsafeRawBufferPointer($0))) }
}

func withTexts<R>(_ strings: [String], _ body: (UnsafePointer<egg_str>?, UInt32) -> R) -> R {
  let joined = strings.flatMap { Array($0.utf8) }
  return joined.withUnsafeBytes { bytes in
    var start = 0
    let parts = strings.map { string in
      let count = string.utf8.count
      defer { start += count }
      return text(UnsafeRawBufferPointer(rebasing: bytes[start..<start + count]))
    }
    return parts.withUnsafeBufferPointer { body($0.baseAddress, UInt32($0.count)) }
  }
}

/// A list of values as JSON text and attachments.
func withArgs<R>(_ values: [Value], _ body: (UnsafePointer<egg_io_args>) -> R) -> R {
  var attachments: [[UInt8]] = []
  let plain =
    values.contains(where: \.holdsData)
    ? values.map { $0.lifting(&attachments) } : values
  let json = Value.list(plain).jsonBytes
  var args = egg_io_args()
  return json.withUnsafeBytes { json in
    args.json = text(json)
    guard !attachments.isEmpty else { return body(&args) }
    let joined = attachments.flatMap { $0 }
    return joined.withUnsafeBytes { bytes in
      var start = 0
      let parts = attachments.map { part in
        defer { start += part.count }
        return text(UnsafeRawBufferPointer(rebasing: bytes[start..<start + part.count]))
      }
      return parts.withUnsafeBufferPointer {
        args.attachments = $0.baseAddress
        args.attachment_count = UInt32($0.count)
        return body(&args)
      }
    }
  }
}

/// The same for an event's name and what follows.
func withArgs<R>(
  _ event: Value, _ values: [Value], _ body: (UnsafePointer<egg_io_args>) -> R
) -> R {
  if values.contains(where: \.holdsData) { return withArgs([event] + values, body) }
  return Value.withJSONList(event, values) {
    var args = egg_io_args()
    args.json = text($0)
    return body(&args)
  }
}

extension egg_io_args {
  /// - Parameter skipping: elements at the beginning that are passed over.
  /// - Throws: `JSONError`.
  func values(skipping: Int = 0) throws -> [Value] {
    let values = try Value.elements(json: json.bytes, skipping: skipping)
    guard attachment_count > 0 else { return values }
    let parts = UnsafeBufferPointer(start: attachments, count: Int(attachment_count)).map(\.array)
    return values.map { $0.lowering(parts) }
  }
}

extension Value {
  var holdsData: Bool {
    switch self {
    case .data: true
    case .list(let items): items.contains(where: \.holdsData)
    case .map(let map): map.contains { $0.value.holdsData }
    default: false
    }
  }

  /// Bytes out, placeholders in; depth first, in the order of the document.
  func lifting(_ attachments: inout [[UInt8]]) -> Self {
    switch self {
    case .data(let bytes):
      attachments.append(bytes)
      var map = ValueMap()
      map["_placeholder"] = .boolean(true)
      map["num"] = .integer(attachments.count - 1)
      return .map(map)
    case .list(let items): return .list(items.map { $0.lifting(&attachments) })
    case .map(let map):
      var lifted = ValueMap()
      for (name, member) in map { lifted[name] = member.lifting(&attachments) }
      return .map(lifted)
    default: return self
    }
  }

  /// The bytes in place of their placeholders.
  func lowering(_ attachments: [[UInt8]]) -> Self {
    switch self {
    case .list(let items): return .list(items.map { $0.lowering(attachments) })
    case .map(let map):
      if map["_placeholder"]?.bool == true, let place = map["num"]?.int,
        attachments.indices.contains(place)
      {
        return .data(attachments[place])
      }
      var lowered = ValueMap()
      for (name, member) in map { lowered[name] = member.lowering(attachments) }
      return .map(lowered)
    default: return self
    }
  }
}

/// Whom a broadcast is for.
struct BroadcastTarget {
  var namespace: String
  var rooms: [String] = []
  var except: [String] = []
  var sender: UInt64 = 0
  var flags = 0

  func withTarget<R>(_ body: (UnsafePointer<egg_io_target>) -> R) -> R {
    withBytes(namespace) { nsp in
      withTexts(rooms) { rooms, roomCount in
        withTexts(except) { except, exceptCount in
          var target = egg_io_target(
            size: UInt32(MemoryLayout<egg_io_target>.size), flags: UInt32(flags), nsp: nsp,
            rooms: rooms, except: except, room_count: roomCount, except_count: exceptCount,
            sender: sender)
          return body(&target)
        }
      }
    }
  }
}
