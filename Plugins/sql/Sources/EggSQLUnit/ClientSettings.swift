import Egg
import EggSQL

/// Reads a client's configuration key by key, and refuses what nobody has asked for.
public struct ClientSettings {
  public let config: Value
  /// Of the client, for messages: `mysql.client`.
  public let path: String
  private var known: Set<String>

  /// - Parameter ignored: keys that mean nothing here and are no mistake.
  public init(_ config: Value, _ path: String, ignoring ignored: Set<String> = []) {
    self.config = config
    self.path = path
    known = ignored
  }

  public mutating func value(_ key: String) -> Value {
    known.insert(key)
    return config[key]
  }

  public mutating func ignore(_ keys: String...) { known.formUnion(keys) }

  public mutating func text(_ key: String) throws -> String? {
    let value = value(key)
    guard value.exists else { return nil }
    guard let text = value.string else { throw wrong(key, "text", value.kindName) }
    return text
  }

  /// One of a few words. It may become part of a statement.
  public mutating func word(_ key: String, _ words: [String]) throws -> String? {
    guard let word = try text(key)?.lowercased() else { return nil }
    guard words.contains(word) else {
      throw wrong(key, "one of \(words.joined(separator: ", "))", "\"\(word)\"")
    }
    return word
  }

  /// A whole number; digits as text too, which Egg's own example has for the port.
  public mutating func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
    let value = value(key)
    guard value.exists else { return nil }
    guard let number = value.int ?? value.string.flatMap({ Int($0) }), range.contains(number)
    else {
      throw wrong(
        key, "a number from \(range.lowerBound) to \(range.upperBound)", value.description)
    }
    return number
  }

  /// Milliseconds, of a day at most.
  public mutating func time(_ key: String) throws -> Int? { try number(key, 0...86_400_000) }

  public mutating func flag(_ key: String) throws -> Bool? {
    let value = value(key)
    guard value.exists else { return nil }
    guard let flag = value.bool else { throw wrong(key, "true or false", value.kindName) }
    return flag
  }

  /// `local`, `Z` or `+08:00`.
  public mutating func zone(_ key: String) throws -> SQLTimeZone? {
    guard let name = try text(key) else { return nil }
    guard let zone = SQLTimeZone(name) else {
      throw wrong(key, "\"local\", \"Z\" or \"+08:00\"", "\"\(name)\"")
    }
    return zone
  }

  /// A function of the application; only code can give one.
  public mutating func function(_ key: String) throws -> ForeignObject? {
    let value = value(key)
    guard value.exists else { return nil }
    guard let function = value.foreign else { throw wrong(key, "a function", value.kindName) }
    return function
  }

  /// - Throws: for keys that nobody asked for.
  public func finish() throws {
    for key in config.object?.keys ?? [] where !known.contains(key) {
      throw wrong(key, "one of \(known.sorted().joined(separator: ", "))", "\"\(key)\"")
    }
  }

  /// The refusal of a key.
  public func wrong(_ key: String, _ expected: String, _ found: String) -> EggError {
    EggError(
      code: "EGG_CONFIG", "config.\(path).\(key): expected \(expected), found \(found)",
      properties: ValueMap([("key", .text("\(path).\(key)"))]))
  }

  /// The key that a refusal is about; nil when it is about none.
  static func key(in error: EggError) -> String? { error.properties["key"]?.string }
}
