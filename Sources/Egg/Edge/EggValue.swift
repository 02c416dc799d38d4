internal import PluginABI

nonisolated extension egg_value {
  init(kind: Int, count: Int = 0) {
    self.init()
    self.kind = egg_kind(kind)
    self.count = UInt32(clamping: count)
  }
}

nonisolated extension Value {
  /// Copies a tree that was lent; objects are retained.
  init(_ value: egg_value, host: Host) {
    let count = Int(value.count)
    switch Int(value.kind) {
    case EGG_NULL: self = .null
    case EGG_BOOL: self = .boolean(value.as.boolean)
    case EGG_INT: self = .integer(Int(value.as.integer))
    case EGG_DOUBLE: self = .number(value.as.number)
    case EGG_TIME: self = .moment(Int(value.as.integer))
    case EGG_STRING:
      let text = egg_str(ptr: value.as.string, len: count).string
      self = Int(value.flags) & EGG_VALUE_SAFE != 0 ? .markup(text) : .text(text)
    case EGG_BYTES:
      self = .data(Array(UnsafeBufferPointer(start: value.as.bytes, count: count)))
    case EGG_LIST:
      let items = UnsafeBufferPointer(start: value.as.items, count: count)
      self = .list(items.map { Self($0, host: host) })
    case EGG_MAP:
      var map = ValueMap()
      map.reserveCapacity(count)
      let pairs = UnsafeBufferPointer(start: value.as.pairs, count: count)
      for place in 0..<count {
        let key = pairs[place].key
        let member = Self(pairs[place].value, host: host)
        // Nearly always new; comparing bytes is cheaper than comparing text.
        if place < ValueMap.indexedFrom, !pairs[..<place].contains(where: { $0.key.spells(key) }) {
          map.append(new: key.string, member)
        } else {
          map[key.string] = member
        }
      }
      self = .map(map)
    case EGG_OBJECT:
      guard let object = value.as.object else {
        self = .null
        return
      }
      self = .reference(ForeignObject(retaining: object, host: host))
    default: self = .undefined
    }
  }

  /// The C value of what needs no memory; nil for text, bytes, lists, objects.
  var scalar: egg_value? {
    switch self {
    case .undefined: return egg_value()
    case .null: return egg_value(kind: EGG_NULL)
    case .boolean(let boolean):
      var value = egg_value(kind: EGG_BOOL)
      value.as.boolean = boolean
      return value
    case .integer(let integer):
      var value = egg_value(kind: EGG_INT)
      value.as.integer = Int64(integer)
      return value
    case .number(let number):
      var value = egg_value(kind: EGG_DOUBLE)
      value.as.number = number
      return value
    case .moment(let time):
      var value = egg_value(kind: EGG_TIME)
      value.as.integer = Int64(time)
      return value
    default: return nil
    }
  }
}

/// Memory in which values are laid out for the length of one call into the kernel.
nonisolated final class ValueMemory {
  private var blocks: [(start: UnsafeMutableRawPointer, count: Int)] = []
  private var next = UnsafeMutableRawPointer(bitPattern: 0x10)!
  private var room = 0
  private var capacity = 512
  /// A larger block is not kept for the next use.
  private static let most = 1 << 16

  deinit { for block in blocks { block.start.deallocate() } }

  /// Forgets all values, and keeps a block for the next ones: the largest that is not too large.
  func reset() {
    if blocks.count == 1, let only = blocks.first, only.count <= Self.most {
      next = only.start
      room = only.count
      return
    }
    var kept: (start: UnsafeMutableRawPointer, count: Int)?
    for block in blocks {
      if block.count <= Self.most, block.count > kept?.count ?? 0 {
        kept?.start.deallocate()
        kept = block
      } else {
        block.start.deallocate()
      }
    }
    blocks = kept.map { [$0] } ?? []
    next = kept?.start ?? next
    room = kept?.count ?? 0
    capacity = max(512, room)
  }

  @inline(__always)
  func allocate(_ size: Int) -> UnsafeMutableRawPointer {
    let size = (size &+ 7) & ~7
    if size > room { makeRoom(size) }
    let memory = next
    next = memory + size
    room &-= size
    return memory
  }

  @inline(never)
  private func makeRoom(_ size: Int) {
    capacity = min(capacity &* 2, 1 << 18)
    let count = max(size, capacity)
    next = .allocate(byteCount: count, alignment: 16)
    room = count
    blocks.append((next, count))
  }

  @inline(__always)
  private func copy(_ bytes: UnsafeBufferPointer<UInt8>) -> UnsafeMutablePointer<UInt8> {
    let memory = allocate(bytes.count).assumingMemoryBound(to: UInt8.self)
    if let start = bytes.baseAddress { memory.update(from: start, count: bytes.count) }
    return memory
  }

  @inline(__always)
  func text(_ text: String) -> egg_str {
    // Lent where it lies, which nearly all text allows, it is not retained.
    let copied = text.utf8.withContiguousStorageIfAvailable {
      egg_str(UnsafeBufferPointer(start: copy($0), count: $0.count))
    }
    return copied ?? scattered(text)
  }

  @inline(never)
  private func scattered(_ text: String) -> egg_str {
    var text = text
    return text.withUTF8 { egg_str(UnsafeBufferPointer(start: copy($0), count: $0.count)) }
  }

  /// Lays out `value`; objects are borrowed from it.
  func lay(_ value: Value) -> egg_value {
    var result = egg_value()
    lay(value, at: &result)
    return result
  }

  /// - Parameter place: is initialised.
  private func lay(_ value: Value, at place: UnsafeMutablePointer<egg_value>) {
    switch value {
    case .text(let text): lay(text: text, flags: 0, at: place)
    case .markup(let text): lay(text: text, flags: UInt8(EGG_VALUE_SAFE), at: place)
    case .map(let map):
      place.initialize(to: egg_value(kind: EGG_MAP, count: map.count))
      place.pointee.as.pairs = map.withEntries { UnsafePointer(lay($0)) }
    case .list(let list):
      place.initialize(to: egg_value(kind: EGG_LIST, count: list.count))
      place.pointee.as.items = lay(list)
    case .data(let bytes):
      place.initialize(to: egg_value(kind: EGG_BYTES, count: bytes.count))
      place.pointee.as.bytes = UnsafePointer(bytes.withUnsafeBufferPointer { copy($0) })
    case .reference(let object):
      place.initialize(to: egg_value(kind: EGG_OBJECT))
      place.pointee.as.object = object.pointer
    default: place.initialize(to: value.scalar ?? egg_value())
    }
  }

  @inline(__always)
  private func lay(text: String, flags: UInt8, at place: UnsafeMutablePointer<egg_value>) {
    let text = self.text(text)
    place.initialize(to: egg_value(kind: EGG_STRING, count: text.len))
    place.pointee.flags = flags
    place.pointee.as.string = text.ptr
  }

  private func lay(_ entries: UnsafeBufferPointer<ValueMap.Element>)
    -> UnsafeMutablePointer<egg_pair>
  {
    let pairs = allocate(entries.count &* MemoryLayout<egg_pair>.stride)
      .bindMemory(to: egg_pair.self, capacity: entries.count)
    for place in 0..<entries.count {
      let pair = pairs + place
      pair.initialize(to: egg_pair(key: text(entries[place].key), value: egg_value()))
      lay(entries[place].value, at: pair.pointer(to: \.value)!)
    }
    return pairs
  }

  func lay(_ list: [Value]) -> UnsafePointer<egg_value> {
    let items = allocate(list.count &* MemoryLayout<egg_value>.stride)
      .bindMemory(to: egg_value.self, capacity: list.count)
    list.withUnsafeBufferPointer { list in
      for place in 0..<list.count { lay(list[place], at: items + place) }
    }
    return UnsafePointer(items)
  }
}

/// Lends `value` as a C tree to `body`.
nonisolated func withEggValue<R>(_ value: Value, _ body: (UnsafePointer<egg_value>) throws -> R)
  rethrows -> R
{
  let memory = ValueMemory()
  return try withExtendedLifetime((memory, value)) {
    var laid = memory.lay(value)
    return try withUnsafePointer(to: &laid, body)
  }
}

/// Lends `values` as a C array; nil when there are none.
nonisolated func withEggValues<R>(
  _ values: [Value], _ body: (UnsafePointer<egg_value>?, UInt32) throws -> R
) rethrows -> R {
  guard !values.isEmpty else { return try body(nil, 0) }
  let memory = ValueMemory()
  return try withExtendedLifetime((memory, values)) {
    try body(memory.lay(values), UInt32(clamping: values.count))
  }
}
