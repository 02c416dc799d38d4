nonisolated extension Value: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByStringInterpolation
{
  public init(stringLiteral value: String) { self = .text(value) }
  public init(integerLiteral value: Int) { self = .integer(value) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(booleanLiteral value: Bool) { self = .boolean(value) }

  public init(arrayLiteral elements: any Encodable...) {
    self = .list(elements.map { Self($0) })
  }

  public init(dictionaryLiteral elements: (String, any Encodable)...) {
    var map = ValueMap()
    map.reserveCapacity(elements.count)
    elements.withUnsafeBufferPointer { elements in
      for place in 0..<elements.count {
        let key = elements[place].0
        map[key] = withUnsafePointer(to: elements[place].1) { element in
          let box = EncodableBox(element)
          if let value = box.value { return value.pointee }
          if let text = box.text { return .text(text.pointee) }
          return Self(element.pointee)
        }
      }
    }
    self = .map(map)
  }
}

nonisolated extension Value {
  public init(_ value: Bool) { self = .boolean(value) }
  public init(_ value: some BinaryInteger) {
    self = Int(exactly: value).map { .integer($0) } ?? .number(Double(value))
  }
  public init(_ value: Double) { self = .number(value) }
  public init(_ value: some StringProtocol) { self = .text(String(value)) }
  public init(_ value: [UInt8]) { self = .data(value) }
  public init(_ value: [Self]) { self = .list(value) }
  public init(_ value: ValueMap) { self = .map(value) }
  public init(_ value: Self) { self = value }

  /// Anything that can be encoded; what refuses to be encoded becomes `null`. Use
  /// `Value(encoding:)` to hear about the refusal.
  @_disfavoredOverload
  public init(_ value: any Encodable) {
    if let exact = Self.exactly(value) {
      self = exact
      return
    }
    // Optionals and what a cast finds behind them.
    switch value {
    case let value as Self: self = value
    case let value as String: self = .text(value)
    case let value as Int: self = .integer(value)
    case let value as Bool: self = .boolean(value)
    case let value as Double: self = .number(value)
    // An empty list of anything can be cast to one of bytes.
    case let bytes as [UInt8] where Swift.type(of: value) == [UInt8].self: self = .data(bytes)
    default: self = (try? Self(encoding: value)) ?? .null
    }
  }

  /// The types that most elements have, told apart by their metadata's address: a cast that fails
  /// costs hundreds of instructions.
  private static func exactly<T: Encodable>(_ value: T) -> Self? {
    if T.self == Self.self { return unsafeBitCast(value, to: Self.self) }
    if T.self == String.self { return .text(unsafeBitCast(value, to: String.self)) }
    if T.self == Int.self { return .integer(unsafeBitCast(value, to: Int.self)) }
    if T.self == Bool.self { return .boolean(unsafeBitCast(value, to: Bool.self)) }
    if T.self == Double.self { return .number(unsafeBitCast(value, to: Double.self)) }
    return nil
  }
}
