/// A piece of configuration as the engine reads it, whoever it comes from.
nonisolated indirect enum Setting: Equatable {
  case none
  case boolean(Bool)
  case number(Double)
  case text(String)
  case list([Setting])
  case map([String: Setting])

  /// A member of a map; `.none` when this is no map or has no such member.
  subscript(key: String) -> Setting {
    if case .map(let members) = self { return members[key] ?? .none }
    return .none
  }

  /// For messages: what was found instead of what was expected.
  var kindName: String {
    switch self {
    case .none: "nothing"
    case .boolean: "true or false"
    case .number: "a number"
    case .text(let text): "the text \"\(text)\""
    case .list: "a list"
    case .map: "an object"
    }
  }
}

/// Configuration that this plugin cannot work with. The text names the key and what it may be.
nonisolated struct SettingError: Error, Equatable, CustomStringConvertible {
  let description: String

  /// - Parameter key: below `config`: `static.maxAge`.
  init(_ key: String, expected: String, found: Setting) {
    description = "config.\(key): expected \(expected), found \(found.kindName)"
  }
}
