/// Objects under tokens that units hold: a token of an object that has gone is recognised.
///
/// Token: generation (40 bits) above slot + 1 (24 bits); never zero.
struct TokenTable<Object: AnyObject> {
  private var slots: [(generation: UInt64, object: Object?)] = []
  private var free: [Int] = []

  var count: Int { slots.count - free.count }

  mutating func insert(_ object: Object) -> UInt64 {
    if let index = free.popLast() {
      slots[index].object = object
      return slots[index].generation << 24 | UInt64(index + 1)
    }
    slots.append((1, object))
    return 1 << 24 | UInt64(slots.count)
  }

  func find(_ token: UInt64) -> Object? {
    let index = Int(token & 0xFF_FFFF) - 1
    guard slots.indices.contains(index), slots[index].generation == token >> 24 else { return nil }
    return slots[index].object
  }

  @discardableResult
  mutating func remove(_ token: UInt64) -> Object? {
    let index = Int(token & 0xFF_FFFF) - 1
    guard slots.indices.contains(index), slots[index].generation == token >> 24 else { return nil }
    let object = slots[index].object
    slots[index].object = nil
    slots[index].generation &+= 1
    free.append(index)
    return object
  }

  var all: [Object] { slots.compactMap(\.object) }
}
