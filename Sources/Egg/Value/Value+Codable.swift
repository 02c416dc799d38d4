nonisolated extension Value {
  /// Anything that can be encoded, as a value.
  ///
  /// - Throws: what the type's `encode(to:)` throws.
  public init(encoding value: some Encodable) throws {
    self = try ValueEncoder.encode(value, path: [])
  }

  /// This value as one of your types.
  ///
  ///     struct Client: Decodable { var host: String; var port: Int }
  ///     let client = try app.config.mysql.client.decode(Client.self)
  ///
  /// - Throws: `DecodingError`, whose path names the member that does not fit.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
    try ValueDecoder.decode(type, self, path: [])
  }
}

nonisolated extension Value: Codable {
  public init(from decoder: any Decoder) throws {
    if let decoder = decoder as? ValueDecoder {
      self = decoder.value
    } else if let container = try? decoder.container(keyedBy: Name.self) {
      var map = ValueMap()
      for key in container.allKeys {
        map[key.stringValue] = try container.decode(Self.self, forKey: key)
      }
      self = .map(map)
    } else if var container = try? decoder.unkeyedContainer() {
      var list: [Self] = []
      while !container.isAtEnd { list.append(try container.decode(Self.self)) }
      self = .list(list)
    } else {
      self = try Self.scalar(try decoder.singleValueContainer())
    }
  }

  private static func scalar(_ container: any SingleValueDecodingContainer) throws -> Self {
    if container.decodeNil() { return .null }
    if let value = try? container.decode(Bool.self) { return .boolean(value) }
    if let value = try? container.decode(Int.self) { return .integer(value) }
    if let value = try? container.decode(Double.self) { return .number(value) }
    return .text(try container.decode(String.self))
  }

  public func encode(to encoder: any Encoder) throws {
    if let encoder = encoder as? ValueEncoder {
      encoder.value = self
      return
    }
    switch self {
    case .list(let list):
      var container = encoder.unkeyedContainer()
      for item in list { try container.encode(item) }
    case .map(let map):
      var container = encoder.container(keyedBy: Name.self)
      for (key, value) in map where !value.isUndefined {
        try container.encode(value, forKey: Name(stringValue: key))
      }
    default:
      var container = encoder.singleValueContainer()
      switch self {
      case .boolean(let value): try container.encode(value)
      case .integer(let value): try container.encode(value)
      case .number(let value): try container.encode(value)
      case .text(let value), .markup(let value): try container.encode(value)
      case .data(let value):
        try container.encode(String(decoding: Base64.encode(value), as: UTF8.self))
      case .moment(let value): try container.encode(Timestamp(milliseconds: value).iso8601)
      default: try container.encodeNil()
      }
    }
  }

  private nonisolated struct Name: CodingKey {
    let stringValue: String
    var intValue: Int? { nil }
    init(stringValue: String) { self.stringValue = stringValue }
    init?(intValue: Int) { nil }
  }
}

nonisolated extension DecodingError {
  /// One line for people: `client.port: expected a whole number, found text`.
  public var summary: String {
    switch self {
    case .typeMismatch(_, let context), .valueNotFound(_, let context),
      .dataCorrupted(let context):
      Self.line(context.codingPath, context.debugDescription)
    case .keyNotFound(let key, let context):
      Self.line(context.codingPath, "\"\(key.stringValue)\" is missing")
    @unknown default: "\(self)"
    }
  }

  private static func line(_ path: [any CodingKey], _ text: String) -> String {
    guard !path.isEmpty else { return text }
    var name = ""
    for key in path {
      if let place = key.intValue {
        name += "[\(place)]"
      } else {
        name += (name.isEmpty ? "" : ".") + key.stringValue
      }
    }
    return "\(name): \(text)"
  }
}
