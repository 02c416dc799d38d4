import Glibc
import PluginABI

/// Building and copying `egg_value` trees.
extension egg_value {
  static var undefined: egg_value { egg_value() }

  @inline(__always)
  init(_ text: egg_str) {
    self.init()
    kind = Kind.string
    count = UInt32(truncatingIfNeeded: text.len)
    `as`.string = text.ptr
  }

  @inline(__always)
  init(bytes: UnsafeBufferPointer<UInt8>) {
    self.init()
    kind = Kind.bytes
    count = UInt32(truncatingIfNeeded: bytes.count)
    `as`.bytes = bytes.baseAddress
  }

  init(_ flag: Bool) {
    self.init()
    kind = Kind.bool
    `as`.boolean = flag
  }

  init(_ number: Int64) {
    self.init()
    kind = Kind.int
    `as`.integer = number
  }

  init(_ number: Double) {
    self.init()
    kind = Kind.double
    `as`.number = number
  }

  init(items: UnsafePointer<egg_value>?, count: Int) {
    self.init()
    kind = Kind.list
    self.count = UInt32(truncatingIfNeeded: count)
    `as`.items = items
  }

  init(pairs: UnsafePointer<egg_pair>?, count: Int) {
    self.init()
    kind = Kind.map
    self.count = UInt32(truncatingIfNeeded: count)
    `as`.pairs = pairs
  }

  static var null: egg_value {
    var value = egg_value()
    value.kind = Kind.null
    return value
  }

  /// Nothing hangs on it: it is its own copy.
  @inline(__always)
  var isPlain: Bool {
    switch kind {
    case Kind.undefined, Kind.null, Kind.bool, Kind.int, Kind.double, Kind.time: true
    default: false
    }
  }

  /// The text of a STRING; empty for other kinds.
  var text: egg_str {
    kind == Kind.string ? egg_str(ptr: `as`.string, len: Int(count)) : egg_str()
  }

  /// The value of a MAP under `key`, compared byte by byte.
  func member(_ key: UnsafeBufferPointer<UInt8>) -> egg_value? {
    guard kind == Kind.map, let pairs = `as`.pairs else { return nil }
    for index in 0..<Int(count) {
      let name = pairs[index].key
      if name.len == key.count, name.len == 0 || memcmp(name.ptr!, key.baseAddress!, name.len) == 0
      {
        return pairs[index].value
      }
    }
    return nil
  }

  func member(_ key: StaticString) -> egg_value? {
    member(UnsafeBufferPointer(start: key.utf8Start, count: key.utf8CodeUnitCount))
  }
}

/// Why a tree from a unit was refused.
enum TreeRefusal: Error, CustomStringConvertible {
  case malformed
  case tooDeep
  case tooLarge

  var description: String {
    switch self {
    case .malformed: "malformed (a count without a pointer, or an object without functions)"
    case .tooDeep: "too deep (more than \(TreeCopier.depthLimit) levels)"
    case .tooLarge: "too large"
    }
  }

  var status: egg_status {
    switch self {
    case .malformed: Status.argument
    case .tooDeep, .tooLarge: Status.limit
    }
  }
}

/// Copies trees into an arena and keeps the objects in them alive.
struct TreeCopier {
  static let depthLimit = 128
  /// Values that a tree may have when it is only looked at: as many as a context could copy.
  private static let countLimit = Arena.defaultLimit / MemoryLayout<egg_value>.stride

  /// For a tree that is lent and not copied: what `copy` would refuse is refused, so that a receiver
  /// that walks it comes to an end.
  @inline(__always)
  static func check(_ value: egg_value) throws(TreeRefusal) {
    switch value.kind {
    case Kind.undefined, Kind.null, Kind.bool, Kind.int, Kind.double, Kind.time: return
    default:
      var left = countLimit
      try check(value, depth: 0, &left)
    }
  }

  private static func check(_ value: egg_value, depth: Int, _ left: inout Int) throws(TreeRefusal) {
    switch value.kind {
    case Kind.string:
      guard egg_str(ptr: value.as.string, len: Int(value.count)).isPlausible else {
        throw .malformed
      }
    case Kind.bytes:
      guard value.count == 0 || value.as.bytes != nil else { throw .malformed }
    case Kind.list:
      guard depth < depthLimit else { throw .tooDeep }
      guard value.count > 0 else { return }
      guard let items = value.as.items else { throw .malformed }
      left &-= Int(value.count)
      guard left >= 0 else { throw .tooLarge }
      for index in 0..<Int(value.count) where !items[index].isPlain {
        try check(items[index], depth: depth + 1, &left)
      }
    case Kind.map:
      guard depth < depthLimit else { throw .tooDeep }
      guard value.count > 0 else { return }
      guard let pairs = value.as.pairs else { throw .malformed }
      left &-= Int(value.count)
      guard left >= 0 else { throw .tooLarge }
      for index in 0..<Int(value.count) {
        guard pairs[index].key.isPlausible else { throw .malformed }
        try check(pairs[index].value, depth: depth + 1, &left)
      }
    case Kind.object:
      guard let object = value.as.object, let ops = object.pointee.ops, ops.pointee.retain != nil,
        ops.pointee.release != nil
      else { throw .malformed }
    default:
      break
    }
  }

  /// A deep copy. A pointer that is missing where `count` says there is something is refused, so
  /// that a reader of the copy need not check.
  static func copy(
    _ value: egg_value, into arena: inout Arena, objects: inout [UnsafeMutablePointer<egg_object>],
    depth: Int = 0
  ) throws(TreeRefusal) -> egg_value {
    var result = value
    switch value.kind {
    case Kind.string:
      let text = egg_str(ptr: value.as.string, len: Int(value.count))
      guard text.isPlausible else { throw .malformed }
      guard let copy = arena.copy(text.bytes) else { throw .tooLarge }
      result.as.string = egg_str(copy).ptr
    case Kind.bytes:
      guard value.count == 0 || value.as.bytes != nil else { throw .malformed }
      guard
        let copy = arena.copy(UnsafeBufferPointer(start: value.as.bytes, count: Int(value.count)))
      else { throw .tooLarge }
      result.as.bytes = copy.baseAddress
    case Kind.list:
      guard depth < depthLimit else { throw .tooDeep }
      guard value.count > 0 else {
        result.as.items = nil
        break
      }
      guard let items = value.as.items else { throw .malformed }
      guard let copies = arena.array(of: egg_value.self, count: Int(value.count)) else {
        throw .tooLarge
      }
      for index in 0..<Int(value.count) {
        let item = items[index]
        copies[index] =
          item.isPlain
          ? item : try copy(item, into: &arena, objects: &objects, depth: depth + 1)
      }
      result.as.items = UnsafePointer(copies)
    case Kind.map:
      guard depth < depthLimit else { throw .tooDeep }
      guard value.count > 0 else {
        result.as.pairs = nil
        break
      }
      guard let pairs = value.as.pairs else { throw .malformed }
      guard let copies = arena.array(of: egg_pair.self, count: Int(value.count)) else {
        throw .tooLarge
      }
      for index in 0..<Int(value.count) {
        guard pairs[index].key.isPlausible else { throw .malformed }
        guard let key = arena.copy(pairs[index].key.bytes) else { throw .tooLarge }
        copies[index].key = egg_str(key)
        copies[index].value = try copy(
          pairs[index].value, into: &arena, objects: &objects, depth: depth + 1)
      }
      result.as.pairs = UnsafePointer(copies)
    case Kind.object:
      guard let object = value.as.object, let ops = object.pointee.ops, ops.pointee.retain != nil,
        ops.pointee.release != nil
      else { throw .malformed }
      ops.pointee.retain(object)
      objects.append(object)
    default:
      break
    }
    return result
  }
}
