/// One value of a configuration file, a manifest, or any other JSON text.
///
/// Integers that fit 64 bits stay integers, so that a limit such as `9007199254740993` is not
/// rounded. "Undefined" has no case: it is an absent key, or `nil` of `ConfigValue?`.
package enum ConfigValue: Equatable, Sendable {
  case null
  case bool(Bool)
  case int(Int64)
  case double(Double)
  case string(String)
  case array([ConfigValue])
  case object(OrderedObject<ConfigValue>)
}

/// The members of a configuration object, in the order of the file.
package typealias ConfigObject = OrderedObject<ConfigValue>

extension ConfigValue {
  package var bool: Bool? {
    if case .bool(let value) = self { value } else { nil }
  }

  /// The integer, or a double that is exactly one.
  package var int: Int64? {
    switch self {
    case .int(let value): value
    case .double(let value): Int64(exactly: value)
    default: nil
    }
  }

  package var double: Double? {
    switch self {
    case .int(let value): Double(value)
    case .double(let value): value
    default: nil
    }
  }

  package var string: String? {
    if case .string(let value) = self { value } else { nil }
  }

  package var array: [ConfigValue]? {
    if case .array(let value) = self { value } else { nil }
  }

  package var object: ConfigObject? {
    if case .object(let value) = self { value } else { nil }
  }

  package var isNull: Bool { self == .null }

  /// The strings of a list of strings; nil when it is no list or holds anything else.
  package var strings: [String]? {
    guard case .array(let elements) = self else { return nil }
    var result: [String] = []
    result.reserveCapacity(elements.count)
    for element in elements {
      guard case .string(let text) = element else { return nil }
      result.append(text)
    }
    return result
  }

  /// The member of an object; nil for an absent key and for anything that is no object.
  package subscript(key: String) -> ConfigValue? {
    if case .object(let members) = self { members[key] } else { nil }
  }

  /// What a message calls this kind of value: `a string`, `an object`, `null` …
  package var kindName: String {
    switch self {
    case .null: "null"
    case .bool: "a boolean"
    case .int, .double: "a number"
    case .string: "a string"
    case .array: "a list"
    case .object: "an object"
    }
  }
}

extension ConfigValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral,
  ExpressibleByFloatLiteral, ExpressibleByBooleanLiteral, ExpressibleByNilLiteral,
  ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral
{
  package init(stringLiteral value: String) { self = .string(value) }
  package init(integerLiteral value: Int64) { self = .int(value) }
  package init(floatLiteral value: Double) { self = .double(value) }
  package init(booleanLiteral value: Bool) { self = .bool(value) }
  package init(nilLiteral: ()) { self = .null }
  package init(arrayLiteral elements: ConfigValue...) { self = .array(elements) }
  package init(dictionaryLiteral elements: (String, ConfigValue)...) {
    var members = ConfigObject()
    for (key, value) in elements { members[key] = value }
    self = .object(members)
  }
}
