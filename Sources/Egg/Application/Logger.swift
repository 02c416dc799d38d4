internal import PluginABI

nonisolated public enum LogLevel: Int32, Sendable, Comparable {
  case debug = 0
  case info, warn, error

  public static func < (a: LogLevel, b: LogLevel) -> Bool { a.rawValue < b.rawValue }
}

/// Writes log lines. Those of a request begin with user, address, trace id, time, method, url.
///
///     ctx.logger.info("order placed", ["id": order.id])
public struct Logger {
  private let unit: Unit
  private let context: Context?
  private let fields: ValueMap
  private let prefix: String

  init(
    _ unit: Unit, context: Context? = nil, name: String? = nil, fields: ValueMap = ValueMap(),
    prefix: String = ""
  ) {
    self.unit = unit
    self.context = context
    var fields = fields
    if let name { fields["logger"] = .text(name) }
    self.fields = fields
    self.prefix = prefix
  }

  public func debug(_ message: String, _ fields: Value = .undefined) {
    log(.debug, message, fields)
  }
  public func info(_ message: String, _ fields: Value = .undefined) { log(.info, message, fields) }
  public func warn(_ message: String, _ fields: Value = .undefined) { log(.warn, message, fields) }
  public func error(_ message: String, _ fields: Value = .undefined) {
    log(.error, message, fields)
  }

  /// The error's message; code, status, details and cause as fields.
  public func error(_ error: any Error) { log(.error, EggError(error)) }
  public func warn(_ error: any Error) { log(.warn, EggError(error)) }

  /// - Parameter fields: an object; other kinds are left out.
  public func log(_ level: LogLevel, _ message: String, _ fields: Value = .undefined) {
    var all = self.fields
    if let map = fields.object { all.merge(map) }
    let text = prefix.isEmpty ? message : "\(prefix) \(message)"
    unit.host.log(context?.token ?? noCall, level, text, all.isEmpty ? .undefined : .map(all))
  }

  /// The same log with fields that every line gets.
  public func with(_ fields: Value) -> Logger {
    var all = self.fields
    if let map = fields.object { all.merge(map) }
    return Logger(unit, context: context, fields: all, prefix: prefix)
  }

  /// The same log; every line begins with `prefix`.
  func prefixed(_ prefix: String) -> Logger {
    Logger(unit, context: context, fields: fields, prefix: prefix)
  }

  private func log(_ level: LogLevel, _ error: EggError) {
    var fields = error.properties
    fields["code"] = error.code.isEmpty ? nil : .text(error.code)
    fields["status"] = .integer(error.status)
    if !error.detail.isEmpty { fields["detail"] = .text(error.detail) }
    if let cause = error.cause { fields["cause"] = .text(EggError(cause).description) }
    log(level, error.message, .map(fields))
  }
}
