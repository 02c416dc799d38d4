/// Hides what must not be written to `run/` or to a terminal.
///
/// A member whose key is one of `pass, pwd, passd, passwd, password, passphrase, keys, masterKey,
/// accessKey`, or contains `secret` in any case, shows the kind and size of its value only. More keys
/// can be named in the configuration, as a list under `dump.ignore`.
///
/// Differs from Egg: objects inside lists are masked too, and `passphrase`, which opens a private key.
/// - Source: Egg, `config.dump.ignore` and the dump of `config`.
package struct ConfigMask: Sendable {
  private let keys: Set<String>

  package static let defaultKeys: Set<String> = [
    "pass", "pwd", "passd", "passwd", "password", "passphrase", "keys", "masterKey", "accessKey",
  ]

  package init(additionalKeys: [String] = []) {
    keys = Self.defaultKeys.union(additionalKeys)
  }

  package init(config: ConfigTree) {
    self.init(additionalKeys: config.value(at: ["dump", "ignore"])?.strings ?? [])
  }

  package func hides(_ key: String) -> Bool {
    if keys.contains(key) { return true }
    let word: [UInt8] = Array("secret".utf8)
    let bytes = key.utf8
    guard bytes.count >= word.count else { return false }
    var matched = 0
    for byte in bytes {
      // "secret" has no letter of its own beginning inside it, so one pass is enough.
      let lowered = byte | 0x20
      matched = lowered == word[matched] ? matched + 1 : (lowered == word[0] ? 1 : 0)
      if matched == word.count { return true }
    }
    return false
  }

  /// The value with everything secret in it replaced; `path` is where it stands.
  package func masked(_ value: ConfigValue, path: [String] = []) -> ConfigValue {
    if path.contains(where: hides) { return Self.outline(value) }
    switch value {
    case .object(let members):
      var result = ConfigObject()
      result.reserveCapacity(members.count)
      for (key, member) in members {
        result.append(key, hides(key) ? Self.outline(member) : masked(member))
      }
      return .object(result)
    case .array(let elements): return .array(elements.map { masked($0) })
    default: return value
    }
  }

  /// `<String len: 12>` and the like. The length is in UTF-16 units, as JavaScript counts.
  static func outline(_ value: ConfigValue) -> ConfigValue {
    switch value {
    case .null: .null
    case .bool: "<Boolean>"
    case .int, .double: "<Number>"
    case .string(let text): .string("<String len: \(text.utf16.count)>")
    case .array(let elements): .string("<Array len: \(elements.count)>")
    case .object: "<Object>"
    }
  }
}
