/// The members of an object, in the order in which they were added.
///
/// Few members are searched one by one; from `indexedFrom` members on there is an index.
nonisolated public struct ValueMap: Sendable, Equatable {
  public typealias Element = (key: String, value: Value)

  private var entries: [Element] = []
  private var index: [String: Int] = [:]
  static let indexedFrom = 9

  public init() {}

  /// Later members replace earlier ones of the same name.
  public init(_ elements: some Sequence<(String, Value)>) {
    for (key, value) in elements { self[key] = value }
  }

  public var keys: [String] { entries.map(\.key) }
  public var values: [Value] { entries.map(\.value) }

  public subscript(key: String) -> Value? {
    get { position(of: key).map { entries[$0].value } }
    set {
      switch (position(of: key), newValue) {
      case (let place?, let value?): entries[place].value = value
      case (let place?, nil): remove(at: place)
      case (nil, let value?): append(key, value)
      case (nil, nil): break
      }
    }
  }

  /// The members where they lie.
  @inline(__always)
  func withEntries<R>(_ body: (UnsafeBufferPointer<Element>) -> R) -> R {
    entries.withUnsafeBufferPointer(body)
  }

  public mutating func reserveCapacity(_ count: Int) { entries.reserveCapacity(count) }

  /// Adds the members of `other`; where both have one, `other` wins.
  public mutating func merge(_ other: ValueMap) {
    for (key, value) in other { self[key] = value }
  }

  public static func == (a: ValueMap, b: ValueMap) -> Bool {
    a.count == b.count && a.allSatisfy { b[$0.key] == $0.value }
  }

  private func position(of key: String) -> Int? {
    if !index.isEmpty { return index[key] }
    return entries.firstIndex { $0.key == key }
  }

  /// Adds a member whose name is known not to be there.
  mutating func append(new key: String, _ value: Value) { append(key, value) }

  private mutating func append(_ key: String, _ value: Value) {
    entries.append((key, value))
    if !index.isEmpty {
      index[key] = entries.count - 1
    } else if entries.count >= Self.indexedFrom {
      buildIndex()
    }
  }

  private mutating func remove(at place: Int) {
    entries.remove(at: place)
    index = [:]
    if entries.count >= Self.indexedFrom { buildIndex() }
  }

  private mutating func buildIndex() {
    index.reserveCapacity(entries.count * 2)
    for (place, entry) in entries.enumerated() { index[entry.key] = place }
  }
}

nonisolated extension ValueMap: RandomAccessCollection {
  public var startIndex: Int { 0 }
  public var endIndex: Int { entries.count }
  public subscript(position: Int) -> Element { entries[position] }
}
