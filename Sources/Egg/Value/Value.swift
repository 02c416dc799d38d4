/// A value that any unit, template or JSON text can hold: what travels between units.
///
///     let user: Value = ["name": "egg", "tags": ["a", "b"]]
///     user.name.string        // "egg"
///     user["tags"][1].string  // "b"
///     user.missing.string     // nil; reading past what is there is never an error
///
/// Elements of a literal may be any `Encodable`. A nested literal of mixed types says what it
/// is: `["meta": ["id": 1, "name": "x"] as Value]`.
@dynamicMemberLookup
nonisolated public enum Value: Sendable {
  /// Nothing is there. Left out of JSON objects.
  case undefined
  /// JSON `null`.
  case null
  case boolean(Bool)
  case integer(Int)
  case number(Double)
  case text(String)
  /// Text that is already escaped for HTML; templates print it as it is.
  case markup(String)
  /// Raw bytes; base64 in JSON.
  case data([UInt8])
  case list([Self])
  /// Members in the order in which they were added.
  case map(ValueMap)
  /// Milliseconds since 1970; ISO 8601 in JSON.
  case moment(Int)
  /// Something with identity and behaviour, usually another unit's.
  case reference(ForeignObject)
}

nonisolated extension Value {
  /// A member by name, or an element when this is a list and the name is a number.
  /// Setting on something that is not an object makes it one; `.undefined` removes.
  public subscript(key: String) -> Self {
    get {
      switch self {
      case .map(let map): map[key] ?? .undefined
      case .list(let list):
        Int(key).flatMap { list.indices.contains($0) ? list[$0] : nil } ?? .undefined
      case .reference(let object): (try? object.get(key)) ?? .undefined
      default: .undefined
      }
    }
    set {
      var map = object ?? ValueMap()
      self = .null  // releases this copy, so that the change happens in place
      map[key] = newValue.isUndefined ? Optional.none : newValue
      self = .map(map)
    }
  }

  /// An element by position, from 0. Setting past the end fills up with `null`.
  public subscript(index: Int) -> Self {
    get {
      guard case .list(let list) = self, list.indices.contains(index) else { return .undefined }
      return list[index]
    }
    set {
      guard index >= 0, index < 1 << 24 else { return }
      var list = array ?? []
      self = .null
      while list.count <= index { list.append(.null) }
      list[index] = newValue
      self = .list(list)
    }
  }

  public subscript(dynamicMember name: String) -> Self {
    get { self[name] }
    set { self[name] = newValue }
  }

  /// What stands at a dotted path: `value.at("mysql.client.host")`. The empty path is the value.
  public func at(_ path: String) -> Self {
    var current = self
    for part in path.split(separator: ".") { current = current[String(part)] }
    return current
  }
}

nonisolated extension Value {
  public var isUndefined: Bool { if case .undefined = self { true } else { false } }
  public var isNull: Bool { if case .null = self { true } else { false } }
  /// Neither undefined nor null.
  public var exists: Bool { !isUndefined && !isNull }

  public var bool: Bool? { if case .boolean(let value) = self { value } else { nil } }
  /// The integer, also of a whole number such as 3.0.
  public var int: Int? {
    switch self {
    case .integer(let value): value
    case .number(let value): Int(exactly: value)
    default: nil
    }
  }
  public var double: Double? {
    switch self {
    case .integer(let value): Double(value)
    case .number(let value): value
    default: nil
    }
  }
  public var string: String? {
    switch self {
    case .text(let value), .markup(let value): value
    default: nil
    }
  }
  /// The bytes of data, or the UTF-8 of text.
  public var bytes: [UInt8]? {
    switch self {
    case .data(let value): value
    case .text(let value), .markup(let value): Array(value.utf8)
    default: nil
    }
  }
  public var array: [Self]? { if case .list(let value) = self { value } else { nil } }
  public var object: ValueMap? { if case .map(let value) = self { value } else { nil } }
  /// Milliseconds since 1970.
  public var time: Int? { if case .moment(let value) = self { value } else { nil } }
  public var foreign: ForeignObject? { if case .reference(let value) = self { value } else { nil } }

  /// What JavaScript would find true: not undefined, null, false, 0, NaN or "".
  public var isTruthy: Bool {
    switch self {
    case .undefined, .null: false
    case .boolean(let value): value
    case .integer(let value): value != 0
    case .number(let value): value != 0 && !value.isNaN
    case .text(let value), .markup(let value): !value.isEmpty
    default: true
    }
  }

  /// The number of elements, members, bytes or characters; 0 for everything else.
  public var size: Int {
    switch self {
    case .list(let list): list.count
    case .map(let map): map.count
    case .data(let data): data.count
    case .text(let text), .markup(let text): text.count
    default: 0
    }
  }

  /// What kind of value this is, for messages: "object", "text" …
  public var kindName: String {
    switch self {
    case .undefined: "nothing"
    case .null: "null"
    case .boolean: "true or false"
    case .integer, .number: "a number"
    case .text, .markup: "text"
    case .data: "bytes"
    case .list: "a list"
    case .map: "an object"
    case .moment: "a time"
    case .reference: "an object of another unit"
    }
  }
}

nonisolated extension Value: Equatable {
  /// Same kind and content; 1 equals 1.0; the order of members does not matter.
  public static func == (a: Self, b: Self) -> Bool {
    switch (a, b) {
    case (.undefined, .undefined), (.null, .null): true
    case (.boolean(let x), .boolean(let y)): x == y
    case (.integer(let x), .integer(let y)): x == y
    case (.number(let x), .number(let y)): x == y
    case (.integer(let x), .number(let y)), (.number(let y), .integer(let x)): Double(x) == y
    case (.text(let x), .text(let y)), (.markup(let x), .markup(let y)): x == y
    case (.data(let x), .data(let y)): x == y
    case (.list(let x), .list(let y)): x == y
    case (.map(let x), .map(let y)): x == y
    case (.moment(let x), .moment(let y)): x == y
    case (.reference(let x), .reference(let y)): x.isSame(as: y)
    default: false
    }
  }
}

nonisolated extension Value: CustomStringConvertible {
  /// Text as it is, everything else as JSON.
  public var description: String {
    switch self {
    case .undefined: "undefined"
    case .text(let text), .markup(let text): text
    default: json
    }
  }
}
