import Egg
import EggSQL
import MySQLEngine

/// Reads a client's configuration.
enum MySQLSettings {
  /// - Parameter path: of the client, for messages: `mysql.client`.
  /// - Throws: `EggError` that names the key which is wrong.
  static func options(_ config: Value, _ path: String) throws -> MySQLOptions {
    var reader = Reader(config: config, path: path)
    var options = MySQLOptions()
    options.socketPath = try reader.text("socketPath") ?? ""
    options.host = try reader.text("host") ?? options.host
    options.port = try reader.number("port", 1...65_535) ?? options.port
    options.user = try reader.text("user") ?? ""
    options.password = try reader.text("password") ?? ""
    options.database = try reader.text("database") ?? ""
    options.collation = try collation(reader.text("charset"), reader)
    options.tls = try tls(&reader)
    try readPool(&reader, &options)
    if let zone = try reader.text("timezone") {
      guard let zone = SQLTimeZone(zone) else {
        throw reader.wrong("timezone", "\"local\", \"Z\" or \"+08:00\"", "\"\(zone)\"")
      }
      options.timeZone = zone
    }
    options.dateStrings = try reader.flag("dateStrings") ?? false
    options.supportBigNumbers = try reader.flag("supportBigNumbers") ?? false
    options.bigNumberStrings = try reader.flag("bigNumberStrings") ?? false
    options.multipleStatements = try reader.flag("multipleStatements") ?? false
    try reader.finish()
    for (key, text) in [("user", options.user), ("database", options.database)] where text.isEmpty {
      throw reader.wrong(key, "text", "nothing")
    }
    return options
  }

  private static func readPool(_ reader: inout Reader, _ options: inout MySQLOptions) throws {
    options.connectionLimit =
      try reader.number("connectionLimit", 1...100_000) ?? options.connectionLimit
    options.queueLimit = try reader.number("queueLimit", 0...1_000_000) ?? options.queueLimit
    options.waitForConnections =
      try reader.flag("waitForConnections") ?? options.waitForConnections
    options.connectTimeout = try reader.time("connectTimeout") ?? options.connectTimeout
    options.poolWaitTimeout = try reader.time("poolWaitTimeout") ?? options.poolWaitTimeout
    options.acquireTimeout = try reader.time("acquireTimeout") ?? options.acquireTimeout
    options.queryTimeout = try reader.time("queryTimeout") ?? options.queryTimeout
    options.idleTimeout = try reader.time("idleTimeout") ?? options.idleTimeout
    options.pingAfter = try reader.time("pingAfter") ?? options.pingAfter
    options.statementCache =
      try reader.number("statementCache", 1...10_000) ?? options.statementCache
  }

  /// `utf8mb4`, or a collation of it. The name becomes part of a statement.
  private static func collation(_ charset: String?, _ reader: Reader) throws -> String {
    let name = (charset ?? "").lowercased()
    if name.isEmpty || name == "utf8mb4" || name == "utf8" { return "" }
    let isName = name.utf8.allSatisfy {
      ($0 >= 0x61 && $0 <= 0x7A) || ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: "_")
    }
    guard isName, name.hasPrefix("utf8") else {
      throw reader.wrong(
        "charset", "\"utf8mb4\" or a collation of it (text always travels as UTF-8)",
        "\"\(charset ?? "")\"")
    }
    // UTF8_GENERAL_CI is what Egg's users write.
    return name.hasPrefix("utf8_") ? "utf8mb4_" + name.dropFirst(5) : name
  }

  /// `ssl`: true, or `{ "ca", "cert", "key", "ciphers", "minVersion", "rejectUnauthorized" }`.
  private static func tls(_ reader: inout Reader) throws -> MySQLOptions.TLS? {
    let config = reader.value("ssl")
    if !config.exists || config.bool == false { return nil }
    var tls = MySQLOptions.TLS()
    if config.bool == true { return tls }
    guard config.object != nil else {
      throw reader.wrong("ssl", "true or an object", config.kindName)
    }
    var inner = Reader(config: config, path: reader.path + ".ssl")
    tls.ca = try inner.text("ca") ?? ""
    tls.certificate = try inner.text("cert") ?? ""
    tls.key = try inner.text("key") ?? ""
    tls.ciphers = try inner.text("ciphers") ?? ""
    tls.verifies = try inner.flag("rejectUnauthorized") ?? true
    switch try inner.text("minVersion") {
    case nil: break
    case "TLSv1.2": tls.versions = "TLSv1.2,TLSv1.3"
    case "TLSv1.3": tls.versions = "TLSv1.3"
    case let other?:
      throw inner.wrong("minVersion", "\"TLSv1.2\" or \"TLSv1.3\"", "\"\(other)\"")
    }
    try inner.finish()
    return tls
  }

  /// For messages: user and place, never the password.
  static func place(_ options: MySQLOptions) -> String {
    let server =
      options.socketPath.isEmpty ? "\(options.host):\(options.port)" : options.socketPath
    return "\(options.user)@\(server)/\(options.database)"
  }

  /// The key that a message of `options` begins with, or the client's.
  static func key(in error: EggError, _ path: String) -> String {
    error.properties["key"]?.string ?? path
  }

  private struct Reader {
    let config: Value
    let path: String
    private var known: Set<String> = ["typeCast", "debug", "trace"]

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

    /// A whole number; digits as text too, which Egg's own example has for the port.
    mutating func number(_ key: String, _ range: ClosedRange<Int>) throws -> Int? {
      let value = value(key)
      guard value.exists else { return nil }
      guard let number = value.int ?? value.string.flatMap({ Int($0) }), range.contains(number)
      else {
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
