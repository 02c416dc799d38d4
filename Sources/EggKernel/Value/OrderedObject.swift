/// A dictionary with `String` keys that remembers the order of insertion.
///
///     var port = OrderedObject<Int>()
///     port["http"] = 80
///     port["https"] = 443
///     port.keys  // ["http", "https"]
///
/// Up to 16 keys are found by looking at each; larger objects keep an index. Removing a key
/// is O(*n*) and keeps the order of the others.
package struct OrderedObject<Value> {
  package private(set) var keys: [String]
  package private(set) var values: [Value]
  private var index: [String: Int]

  private static var linearLimit: Int { 16 }

  package init() {
    keys = []
    values = []
    index = [:]
  }

  package var count: Int { keys.count }
  package var isEmpty: Bool { keys.isEmpty }

  /// The place of `key` in insertion order, or nil.
  package func position(of key: String) -> Int? {
    if keys.count > Self.linearLimit { return index[key] }
    for place in 0..<keys.count where keys[place] == key { return place }
    return nil
  }

  package subscript(key: String) -> Value? {
    get {
      guard let place = position(of: key) else { return nil }
      return values[place]
    }
    set {
      if let place = position(of: key) {
        if let newValue { values[place] = newValue } else { remove(at: place) }
      } else if let newValue {
        append(key, newValue)
      }
    }
  }

  /// The value at a place given by `position(of:)`, changed in place.
  package subscript(at place: Int) -> Value {
    get { values[place] }
    _modify { yield &values[place] }
  }

  /// Adds a key that is known to be absent.
  package mutating func append(_ key: String, _ value: Value) {
    keys.append(key)
    values.append(value)
    if keys.count == Self.linearLimit + 1 {
      index.reserveCapacity(4 * Self.linearLimit)
      for (place, key) in keys.enumerated() { index[key] = place }
    } else if keys.count > Self.linearLimit {
      index[key] = keys.count - 1
    }
  }

  package mutating func reserveCapacity(_ count: Int) {
    keys.reserveCapacity(count)
    values.reserveCapacity(count)
  }

  private mutating func remove(at place: Int) {
    keys.remove(at: place)
    values.remove(at: place)
    index.removeAll(keepingCapacity: true)
    if keys.count > Self.linearLimit {
      for (place, key) in keys.enumerated() { index[key] = place }
    }
  }
}

extension OrderedObject: Sendable where Value: Sendable {}

/// Two objects are equal when they hold the same pairs; order does not count.
extension OrderedObject: Equatable where Value: Equatable {
  package static func == (left: Self, right: Self) -> Bool {
    guard left.count == right.count else { return false }
    for (key, value) in left where right[key] != value { return false }
    return true
  }
}

extension OrderedObject: Sequence {
  package struct Iterator: IteratorProtocol {
    let keys: [String]
    let values: [Value]
    var place = 0

    package mutating func next() -> (String, Value)? {
      guard place < keys.count else { return nil }
      defer { place += 1 }
      return (keys[place], values[place])
    }
  }

  package func makeIterator() -> Iterator { Iterator(keys: keys, values: values) }
}

extension OrderedObject: ExpressibleByDictionaryLiteral {
  package init(dictionaryLiteral elements: (String, Value)...) {
    self.init()
    for (key, value) in elements { self[key] = value }
  }
}
