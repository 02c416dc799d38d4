import Egg
import EggSQL
import EggSQLUnit
import MySQLEngine

/// Reads a client's configuration.
enum MySQLSettings {
  /// - Throws: `EggError` that names the key which is wrong.
  static func options(_ reader: inout ClientSettings) throws -> MySQLOptions {
    // Of Egg's driver: rows always have types here, and debugging is the log's.
    reader.ignore("typeCast", "debug", "trace")
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
    options.timeZone = try reader.zone("timezone") ?? options.timeZone
    options.dateStrings = try reader.flag("dateStrings") ?? false
    options.supportBigNumbers = try reader.flag("supportBigNumbers") ?? false
    options.bigNumberStrings = try reader.flag("bigNumberStrings") ?? false
    options.multipleStatements = try reader.flag("multipleStatements") ?? false
    for (key, text) in [("user", options.user), ("database", options.database)] where text.isEmpty {
      throw reader.wrong(key, "text", "nothing")
    }
    return options
  }

  private static func readPool(_ reader: inout ClientSettings, _ options: inout MySQLOptions) throws
  {
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
  private static func collation(_ charset: String?, _ reader: ClientSettings) throws -> String {
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
  private static func tls(_ reader: inout ClientSettings) throws -> MySQLOptions.TLS? {
    let config = reader.value("ssl")
    if !config.exists || config.bool == false { return nil }
    var tls = MySQLOptions.TLS()
    if config.bool == true { return tls }
    guard config.object != nil else {
      throw reader.wrong("ssl", "true or an object", config.kindName)
    }
    var inner = ClientSettings(config, reader.path + ".ssl")
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
}
