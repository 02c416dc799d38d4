import Egg
import EggSQL
import SQLiteEngine

/// Reads a client's configuration.
enum SQLiteSettings {
  /// - Parameters:
  ///   - path: of the client, for messages: `sqlite.client`.
  ///   - baseDir: of the application; what relative paths are below.
  /// - Throws: `EggError` that names the key which is wrong.
  static func options(_ config: Value, _ path: String, baseDir: String) throws -> SQLiteOptions {
    var reader = Reader(config: config, path: path)
    var options = SQLiteOptions()
    guard let file = try reader.text("database"), !file.isEmpty else {
      throw reader.wrong("database", "a file's path or \":memory:\"", "nothing")
    }
    options.path = file == ":memory:" || file.hasPrefix("/") ? file : "\(baseDir)/\(file)"
    try readPool(&reader, &options)
    options.journalMode =
      try reader.word("journalMode", ["wal", "delete", "truncate", "persist", "memory"])
      ?? options.journalMode
    options.synchronous =
      try reader.word("synchronous", ["off", "normal", "full", "extra"]) ?? options.synchronous
    options.foreignKeys = try reader.flag("foreignKeys") ?? options.foreignKeys
    if let zone = try reader.text("timezone") {
      guard let zone = SQLTimeZone(zone) else {
        throw reader.wrong("timezone", "\"local\", \"Z\" or \"+08:00\"", "\"\(zone)\"")
      }
      options.timeZone = zone
    }
    options.dateStrings = try reader.flag("dateStrings") ?? false
    options.multipleStatements = try reader.flag("multipleStatements") ?? false
    try reader.finish()
    return options
  }

  private static func readPool(_ reader: inout Reader, _ options: inout SQLiteOptions) throws {
    options.connectionLimit =
      try reader.number("connectionLimit", 1...64) ?? options.connectionLimit
    options.queueLimit = try reader.number("queueLimit", 0...1_000_000) ?? options.queueLimit
    options.poolWaitTimeout = try reader.time("poolWaitTimeout") ?? options.poolWaitTimeout
    options.busyTimeout = try reader.time("busyTimeout") ?? options.busyTimeout
    options.queryTimeout = try reader.time("queryTimeout") ?? options.queryTimeout
    options.statementCache =
      try reader.number("statementCache", 1...10_000) ?? options.statementCache
    options.maxRows = try reader.number("maxRows", 0...Int(Int32.max)) ?? options.maxRows
    options.maxBytes = try reader.number("maxBytes", 0...Int.max) ?? options.maxBytes
  }

  /// The key that a message of `options` begins with, or the client's.
  static func key(in error: EggError, _ path: String) -> String {
    error.properties["key"]?.string ?? path
  }

  private struct Reader {
    let config: Value
    let path: String
    private var known: Set<String> = []

    init(config: Value, path: String) {
      self.config = config
      self.path = path
    }

    mutating func value(_ key: String) -> Value {
      known.insert(key)
      return config[key]
    }

    mutating func text(_ key: String) throws -> String? {
      let value = value(key)
      guard value.exists else { return nil }
      guard let text = value.string else { throw wrong(key, "text", value.kindName) }
      return text
    }

    /// One of a few words. It becomes part of a statement.
    mutating func word(_ key: String, _ words: [String]) throws -> String? {
      guard let word = try text(key)?.lowercased() else { return nil }
      guard words.contains(word) else {
        throw wrong(key, "one of \(words.joined(separator: ", "))", "\"\(word)\"")
      }
      return word
    }

    mutating func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
      let value = value(key)
      guard value.exists else { return nil }
      guard let number = value.int, range.contains(number) else {
        throw wrong(
          key, "a number from \(range.lowerBound) to \(range.upperBound)", value.description)
      }
      return number
    }

    /// Milliseconds.
    mutating func time(_ key: String) throws -> Int? { try number(key, 0...86_400_000) }

    mutating func flag(_ key: String) throws -> Bool? {
      let value = value(key)
      guard value.exists else { return nil }
      guard let flag = value.bool else { throw wrong(key, "true or false", value.kindName) }
      return flag
    }

    /// - Throws: for keys that nobody asked for.
    func finish() throws {
      for key in config.object?.keys ?? [] where !known.contains(key) {
        throw wrong(key, "one of \(known.sorted().joined(separator: ", "))", "\"\(key)\"")
      }
    }

    func wrong(_ key: String, _ expected: String, _ found: String) -> EggError {
      EggError(
        code: "EGG_CONFIG", "config.\(path).\(key): expected \(expected), found \(found)",
        properties: ValueMap([("key", .text("\(path).\(key)"))]))
    }
  }
}
