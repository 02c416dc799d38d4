import Egg
import EggSQL
import EggSQLUnit
import SQLiteEngine

/// Reads a client's configuration.
enum SQLiteSettings {
  /// - Parameter baseDir: of the application; what relative paths are below.
  /// - Throws: `EggError` that names the key which is wrong.
  static func options(_ reader: inout ClientSettings, baseDir: String) throws -> SQLiteOptions {
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
    options.timeZone = try reader.zone("timezone") ?? options.timeZone
    options.dateStrings = try reader.flag("dateStrings") ?? false
    options.multipleStatements = try reader.flag("multipleStatements") ?? false
    return options
  }

  private static func readPool(_ reader: inout ClientSettings, _ options: inout SQLiteOptions)
    throws
  {
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
}
