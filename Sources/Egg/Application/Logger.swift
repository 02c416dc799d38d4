internal import PluginABI

nonisolated public enum LogLevel: Int32, Sendable, Comparable {
  case debug = 0
  case info, warn, error
  /// Of a logger: nothing is written.
  case none

  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// Writes log lines. Those of a request begin with user, address, trace id, time, method, url.
///
///     ctx.logger.info("order placed", ["id": order.id])
///
/// A line below the logger's level costs one comparison; its text is not even made.
public struct Logger {
  private let unit: Unit
  private let context: Context?
  /// The kernel's logger; nil: the application's, through the host table.
  private let face: UnsafePointer<egg_logger>?
  private let fields: ValueMap
  private let prefix: String

  init(
    _ unit: Unit, context: Context? = nil, face: UnsafePointer<egg_logger>? = nil,
    fields: ValueMap = ValueMap(), prefix: String = ""
  ) {
    self.unit = unit
    self.context = context
    self.face = face
    self.fields = fields
    self.prefix = prefix
  }

  public func debug(
    _ message: @autoclosure () -> String, _ fields: @autoclosure () -> Value = .undefined
  ) {
    if isEnabled(.debug) { write(.debug, message(), fields()) }
  }

  public func info(
    _ message: @autoclosure () -> String, _ fields: @autoclosure () -> Value = .undefined
  ) {
    if isEnabled(.info) { write(.info, message(), fields()) }
  }

  public func warn(
    _ message: @autoclosure () -> String, _ fields: @autoclosure () -> Value = .undefined
  ) {
    if isEnabled(.warn) { write(.warn, message(), fields()) }
  }

  public func error(
    _ message: @autoclosure () -> String, _ fields: @autoclosure () -> Value = .undefined
  ) {
    if isEnabled(.error) { write(.error, message(), fields()) }
  }

  /// The error's message; code, status, details and cause as fields.
  public func error(_ error: any Error) { log(.error, EggError(error)) }
  public func warn(_ error: any Error) { log(.warn, EggError(error)) }

  /// - Parameter fields: an object; other kinds are left out.
  public func log(
    _ level: LogLevel, _ message: @autoclosure () -> String,
    _ fields: @autoclosure () -> Value = .undefined
  ) {
    if isEnabled(level) { write(level, message(), fields()) }
  }

  /// Whether a line of this level goes anywhere.
  public func isEnabled(_ level: LogLevel) -> Bool {
    guard let face else { return true }
    return level.rawValue >= face.pointee.level
  }

  /// The lowest level that goes anywhere, file or console.
  public var level: LogLevel { face.flatMap { LogLevel(rawValue: $0.pointee.level) } ?? .info }

  /// "logger", "coreLogger", … or the key in `config.customLogger`.
  public var name: String { face?.pointee.name.string ?? "logger" }
  /// The file that lines go to; "" when there is none.
  public var file: String { face?.pointee.file.string ?? "" }
  /// The same with a JSON object a line (`outputJSON`).
  public var jsonFile: String { face?.pointee.json_file.string ?? "" }

  /// The same log with fields that every line gets.
  public func with(_ fields: Value) -> Logger {
    var all = self.fields
    if let map = fields.object { all.merge(map) }
    return Logger(unit, context: context, face: face, fields: all, prefix: prefix)
  }

  /// The same log; every line begins with `prefix`.
  func prefixed(_ prefix: String) -> Logger {
    Logger(unit, context: context, face: face, fields: fields, prefix: prefix)
  }

  private func write(_ level: LogLevel, _ message: String, _ fields: Value) {
    var all = self.fields
    if let map = fields.object { all.merge(map) }
    let text = prefix.isEmpty ? message : "\(prefix) \(message)"
    unit.host.log(
      face, context?.token ?? noCall, level, text, all.isEmpty ? .undefined : .map(all))
  }

  private func log(_ level: LogLevel, _ error: EggError) {
    guard isEnabled(level) else { return }
    var fields = error.properties
    fields["code"] = error.code.isEmpty ? nil : .text(error.code)
    fields["status"] = .integer(error.status)
    if !error.detail.isEmpty { fields["detail"] = .text(error.detail) }
    if let cause = error.cause { fields["cause"] = .text(EggError(cause).description) }
    write(level, error.message, .map(fields))
  }
}

/// Every logger of the process: `app.loggers`.
public struct Loggers {
  private let unit: Unit

  init(_ unit: Unit) { self.unit = unit }

  /// A logger by name; nil when there is none.
  public subscript(name: String) -> Logger? {
    unit.host.logger(name).map { Logger(unit, face: $0) }
  }

  /// All of them, the framework's own first.
  public var all: [Logger] {
    guard let log = unit.host.log else { return [] }
    var list: [Logger] = []
    while let face = log.pointee.at(unit.host.table, UInt32(list.count)) {
      list.append(Logger(unit, face: face))
    }
    return list
  }

  /// Changes what a logger lets through, for file and console.
  ///
  /// - Returns: false when there is no logger of that name.
  @discardableResult
  public func setLevel(_ name: String, _ level: LogLevel) -> Bool {
    guard let log = unit.host.log, let face = unit.host.logger(name) else { return false }
    return log.pointee.set_level(unit.host.table, face, level.rawValue) == Status.ok
  }

  /// Writes what waits and opens every file anew: after files were renamed.
  public func reload() { _ = unit.host.log?.pointee.reload(unit.host.table) }
}
