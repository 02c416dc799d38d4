import Glibc
import PluginABI

/// The process's log: one line an entry, collected during a turn and written at its end.
///
///     2026-05-01 10:20:30,123 WARN 4711 [-/203.0.113.9/-/3ms GET /users/7] message plugin=mysql
///
/// - Source: Egg, "Logger", the format of a line and of the bracket of a context.
final class Log {
  private let buffer = ByteBuffer()
  private var stampSecond = -1
  private var stamp: [UInt8] = []
  var level = egg_level(EGG_LOG_INFO)
  var usesColor = isatty(1) == 1
  private let processID = getpid()
  /// Bytes that may wait; beyond it a line is written at once.
  private let flushLimit = 32 * 1024

  func isEnabled(_ level: egg_level) -> Bool { level >= self.level }

  func debug(_ message: String) { write(egg_level(EGG_LOG_DEBUG), message) }
  func info(_ message: String) { write(egg_level(EGG_LOG_INFO), message) }
  func warning(_ message: String) { write(egg_level(EGG_LOG_WARN), message) }
  func error(_ message: String) { write(egg_level(EGG_LOG_ERROR), message) }

  func notice(_ notice: BootNotice) {
    switch notice.level {
    case .info: info(notice.text)
    case .warning: warning(notice.text)
    }
  }

  /// A plugin's mistake at the edge: told once in full, then counted.
  func misuse(_ unit: Unit, _ operation: String, _ message: String) {
    let key = operation + message.prefix(40)
    let count = (unit.misuses[key] ?? 0) + 1
    unit.misuses[key] = count
    guard count == 1 || count & (count - 1) == 0 else { return }
    let times = count > 1 ? " (\(count) times)" : ""
    error("plugin \"\(unit.name)\" \(operation): \(message)\(times)")
  }

  func refused(_ refusal: RequestRefusal, _ address: String) {
    guard isEnabled(egg_level(EGG_LOG_DEBUG)) else { return }
    debug("refused a request with \(refusal.status): \(refusal.reason) address=\(address)")
  }

  func write(
    _ level: egg_level, _ message: String, context: Context? = nil, fields: egg_value? = nil
  ) {
    guard isEnabled(level) else { return }
    appendStamp()
    if usesColor { buffer.append(color(level)) }
    buffer.append(name(level))
    buffer.append(" ")
    buffer.appendDecimal(Int(processID))
    if let context { appendBracket(context) }
    buffer.append(" ")
    appendLine(message)
    if let fields, fields.kind == Kind.map, let pairs = fields.as.pairs {
      for index in 0..<Int(fields.count) {
        buffer.append(" ")
        appendLine(pairs[index].key.string)
        buffer.append("=")
        appendLine(ValueText.describe(pairs[index].value))
      }
    }
    if usesColor { buffer.append("\u{1B}[0m") }
    buffer.append("\n")
    if buffer.count > flushLimit || level >= egg_level(EGG_LOG_ERROR) { flush() }
  }

  /// Writes what waits. Lines are never split between two processes: each write ends in a newline.
  func flush() {
    while !buffer.isEmpty {
      let written = Glibc.write(1, buffer.readPointer, buffer.count)
      if written > 0 {
        buffer.consume(written)
      } else if written < 0, errno == EINTR {
        continue
      } else {
        // Nobody reads the log: it must not stop the server, nor fill its memory.
        buffer.reset()
      }
    }
  }

  private func appendStamp() {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    if now.tv_sec != stampSecond {
      stampSecond = now.tv_sec
      var seconds = now.tv_sec
      var parts = tm()
      localtime_r(&seconds, &parts)
      stamp = Array(
        "\(parts.tm_year + 1900)-\(pad(parts.tm_mon + 1))-\(pad(parts.tm_mday)) \(pad(parts.tm_hour)):\(pad(parts.tm_min)):\(pad(parts.tm_sec)),"
          .utf8)
    }
    buffer.append(stamp)
    let milliseconds = now.tv_nsec / 1_000_000
    if milliseconds < 100 { buffer.append("0") }
    if milliseconds < 10 { buffer.append("0") }
    buffer.appendDecimal(milliseconds)
    buffer.append(" ")
  }

  private func pad(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }

  private func appendBracket(_ context: Context) {
    buffer.append(" [-/")
    if let connection = context.connection {
      buffer.append(connection.remoteAddress.bytes)
    } else {
      buffer.append("127.0.0.1")
    }
    buffer.append("/-/")
    let used = (monotonicNanoseconds() &- context.startedNanoseconds) / 1_000_000
    buffer.appendDecimal(used)
    buffer.append("ms ")
    appendLine(context.head.methodName.string(in: context.base))
    buffer.append(" ")
    appendLine(context.head.target.string(in: context.base))
    buffer.append("]")
  }

  /// Control characters would let a client forge log lines.
  private func appendLine(_ text: String) {
    var text = text
    text.withUTF8 { bytes in
      for byte in bytes {
        if byte >= 0x20 && byte != 0x7F || byte == 0x09 {
          buffer.append(byte: byte)
        } else if byte == 0x0A {
          buffer.append("\n  ")
        } else {
          buffer.append("?")
        }
      }
    }
  }

  private func name(_ level: egg_level) -> StaticString {
    switch Int(level) {
    case EGG_LOG_DEBUG: "DEBUG"
    case EGG_LOG_INFO: "INFO"
    case EGG_LOG_WARN: "WARN"
    default: "ERROR"
    }
  }

  private func color(_ level: egg_level) -> StaticString {
    switch Int(level) {
    case EGG_LOG_DEBUG: "\u{1B}[2m"
    case EGG_LOG_INFO: "\u{1B}[32m"
    case EGG_LOG_WARN: "\u{1B}[33m"
    default: "\u{1B}[31m"
    }
  }
}

/// Short text of a value, for log fields.
enum ValueText {
  static func describe(_ value: egg_value) -> String {
    switch value.kind {
    case Kind.null: "null"
    case Kind.bool: value.as.boolean ? "true" : "false"
    case Kind.int, Kind.time: String(value.as.integer)
    case Kind.double: String(value.as.number)
    case Kind.string: value.text.string
    case Kind.bytes: "<\(value.count) bytes>"
    case Kind.list: "<list of \(value.count)>"
    case Kind.map: "<map of \(value.count)>"
    case Kind.object: "<object>"
    default: "undefined"
    }
  }
}
