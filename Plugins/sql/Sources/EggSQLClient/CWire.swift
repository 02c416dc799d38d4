import EggSQL
package import PluginABI

// What the C tables of databases carry, for both of their sides.

nonisolated extension SQLCell {
  /// What a value of a row or a statement shows; lists, maps and objects are NULL.
  @inline(__always)
  package init(_ value: egg_value) {
    let count = Int(value.count)
    switch Int(value.kind) {
    case EGG_BOOL: self = .boolean(value.as.boolean)
    case EGG_INT: self = .integer(value.as.integer)
    case EGG_DOUBLE: self = .number(value.as.number)
    case EGG_TIME: self = .moment(value.as.integer)
    case EGG_STRING: self = .text(UnsafeRawBufferPointer(start: value.as.string, count: count))
    case EGG_BYTES: self = .bytes(UnsafeRawBufferPointer(start: value.as.bytes, count: count))
    default: self = .null
    }
  }
}

nonisolated extension egg_value {
  /// - Parameter cell: lends its text and bytes.
  @inline(__always)
  package init(_ cell: SQLCell) {
    self.init()
    switch cell {
    case .null: kind = egg_kind(EGG_NULL)
    case .boolean(let flag):
      kind = egg_kind(EGG_BOOL)
      self.as.boolean = flag
    case .integer(let number):
      kind = egg_kind(EGG_INT)
      self.as.integer = number
    case .number(let number):
      kind = egg_kind(EGG_DOUBLE)
      self.as.number = number
    case .moment(let time):
      kind = egg_kind(EGG_TIME)
      self.as.integer = time
    case .text(let view):
      kind = egg_kind(EGG_STRING)
      count = UInt32(clamping: view.count)
      self.as.string = view.baseAddress?.assumingMemoryBound(to: CChar.self)
    case .bytes(let view):
      kind = egg_kind(EGG_BYTES)
      count = UInt32(clamping: view.count)
      self.as.bytes = view.baseAddress?.assumingMemoryBound(to: UInt8.self)
    }
  }
}
