import Glibc
import PluginABI

/// One line as text: stamp, level, process, the bracket of a request, message, fields.
///
///     2026-05-01 10:20:30,123 WARN 4711 [-/203.0.113.9/-/3ms GET /users/7] message plugin=mysql
///
/// - Source: Egg, "Logger", the format of a line and of the bracket of a context.
extension Log {
  /// Writes the line into `out`, newline included.
  func appendText(
    to out: ByteBuffer, _ level: egg_level, _ message: UnsafeBufferPointer<UInt8>,
    _ context: Context?, _ fields: egg_value?
  ) {
    clock.appendLocal(to: out)
    out.append(" ")
    out.append(LogLevelName.of(level))
    out.append(" ")
    out.append(processText)
    if let context { appendBracket(context, to: out) }
    out.append(" ")
    LogText.append(message, to: out)
    if let fields, fields.kind == Kind.map, let pairs = fields.as.pairs {
      for index in 0..<Int(fields.count) {
        out.append(" ")
        LogText.append(pairs[index].key.bytes, to: out)
        out.append("=")
        LogText.append(pairs[index].value, to: out)
      }
    }
    out.append("\n")
  }

  private func appendBracket(_ context: Context, to out: ByteBuffer) {
    out.append(" [")
    LogText.appendWord(context.stateValue(egg_str("userId")), to: out)
    out.append("/")
    LogText.append(address(of: context), to: out)
    out.append("/")
    if let trace = context.traceText { LogText.append(trace, to: out) } else { out.append("-") }
    out.append("/")
    out.appendDecimal((monotonicNanoseconds() &- context.startedNanoseconds) / 1_000_000)
    out.append("ms ")
    LogText.append(context.head.methodName.bytes(in: context.base), to: out)
    out.append(" ")
    LogText.append(context.head.target.bytes(in: context.base), to: out)
    out.append("]")
  }

  /// The client's address: that of the connection, or what the trusted proxy in front noted.
  func address(of context: Context) -> UnsafeBufferPointer<UInt8> {
    for header in proxyHeaders {
      guard let range = context.fields.header(named: header, in: context.base) else { continue }
      let noted = LogText.address(in: range.bytes(in: context.base), keeping: proxyCount)
      if noted.count > 0 { return noted }
    }
    guard let connection = context.connection else { return LogText.loopback }
    return LogText.withoutMapping(connection.remoteAddress.bytes)
  }
}

extension Context {
  /// What joins this request's lines with those of other servers: `ctx.state.traceId` when a unit has
  /// set it, else the trace id of `traceparent`, else that of the trace which it began; nil while
  /// nobody has asked for one.
  ///
  /// - Source: W3C Trace Context §3.2: version, 32 digits of trace id, 16 of parent id, flags.
  var traceText: UnsafeBufferPointer<UInt8>? {
    if let value = stateValue(egg_str("traceId")), value.kind == Kind.string, value.count > 0 {
      return value.text.bytes
    }
    if let range = fields.value(of: .traceparent) {
      let bytes = range.bytes(in: base)
      if TraceIdentity.isValid(bytes) { return UnsafeBufferPointer(rebasing: bytes[3..<35]) }
    }
    // Somebody has asked for the trace that this request begins.
    return trace.map { text(String(decoding: $0.trace, as: UTF8.self)).bytes }
  }
}

enum LogLevelName {
  static func of(_ level: egg_level) -> StaticString {
    switch Int(level) {
    case EGG_LOG_DEBUG: "DEBUG"
    case EGG_LOG_INFO: "INFO"
    case EGG_LOG_WARN: "WARN"
    default: "ERROR"
    }
  }

  /// - Parameter text: in any case; nil for what is no level.
  static func parse(_ text: String) -> egg_level? {
    switch text.uppercased() {
    case "DEBUG": egg_level(EGG_LOG_DEBUG)
    case "INFO": egg_level(EGG_LOG_INFO)
    case "WARN": egg_level(EGG_LOG_WARN)
    case "ERROR": egg_level(EGG_LOG_ERROR)
    case "NONE": egg_level(EGG_LOG_NONE)
    default: nil
    }
  }

  static func color(_ level: egg_level) -> StaticString {
    switch Int(level) {
    case EGG_LOG_DEBUG: "\u{1B}[2m"
    case EGG_LOG_INFO: "\u{1B}[32m"
    case EGG_LOG_WARN: "\u{1B}[33m"
    default: "\u{1B}[31m"
    }
  }
}

/// Text that comes from anywhere, made safe for a line.
enum LogText {
  /// Control characters would let a client forge lines or speak to the reader's terminal.
  static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: ByteBuffer) {
    var start = 0
    for index in 0..<bytes.count {
      let byte = bytes[index]
      if byte >= 0x20 && byte != 0x7F || byte == 0x09 { continue }
      out.append(UnsafeBufferPointer(rebasing: bytes[start..<index]))
      start = index + 1
      if byte == 0x0A { out.append("\n  ") } else { out.append("?") }
    }
    if start < bytes.count { out.append(UnsafeBufferPointer(rebasing: bytes[start...])) }
  }

  static func append(_ value: egg_value, to out: ByteBuffer) {
    switch value.kind {
    case Kind.string: append(value.text.bytes, to: out)
    case Kind.bytes:
      out.append("<")
      out.appendDecimal(Int(value.count))
      out.append(" bytes>")
    case Kind.object: out.append("<object>")
    case Kind.undefined: out.append("undefined")
    default: JSONText.append(value, to: out)
    }
  }

  /// A word of the bracket; `-` for what is none.
  static func appendWord(_ value: egg_value?, to out: ByteBuffer) {
    switch value?.kind {
    case Kind.string? where value!.count > 0: append(value!.text.bytes, to: out)
    case Kind.int?: out.appendDecimal(Int(value!.as.integer))
    default: out.append("-")
    }
  }

  /// The first of the last `limit` addresses in a comma list; all of them count when `limit` is 0.
  static func address(
    in list: UnsafeBufferPointer<UInt8>, keeping limit: Int
  ) -> UnsafeBufferPointer<UInt8> {
    var start = 0
    if limit > 0 {
      var left = limit
      var index = list.count
      while index > 0 {
        index -= 1
        guard list[index] == UInt8(ascii: ",") else { continue }
        left -= 1
        if left == 0 {
          start = index + 1
          break
        }
      }
    }
    var end = start
    while end < list.count, list[end] != UInt8(ascii: ",") { end += 1 }
    while start < end, list[start] == 0x20 || list[start] == 0x09 { start += 1 }
    while end > start, list[end - 1] == 0x20 || list[end - 1] == 0x09 { end -= 1 }
    return withoutMapping(UnsafeBufferPointer(rebasing: list[start..<end]))
  }

  /// An IPv4 address in IPv6 clothes, without them.
  static func withoutMapping(_ text: UnsafeBufferPointer<UInt8>) -> UnsafeBufferPointer<UInt8> {
    guard text.count > 7, memcmp(text.baseAddress!, "::ffff:", 7) == 0 else { return text }
    return UnsafeBufferPointer(rebasing: text[7...])
  }

  nonisolated(unsafe) static let loopback = UnsafeBufferPointer(
    start: ("127.0.0.1" as StaticString).utf8Start, count: 9)
}

/// The time as lines have it, written anew only when it changes.
final class LogClock {
  private var second = -1
  private var local: [UInt8] = []
  private var universal: [UInt8] = []

  /// `2026-05-01 10:20:30,123`
  func appendLocal(to out: ByteBuffer) {
    let now = read()
    out.append(local)
    appendMilliseconds(now, to: out)
  }

  /// `2026-05-01T08:20:30.123Z`
  func appendUniversal(to out: ByteBuffer) {
    let now = read()
    out.append(universal)
    appendMilliseconds(now, to: out)
    out.append("Z")
  }

  private func read() -> timespec {
    var now = timespec()
    clock_gettime(CLOCK_REALTIME, &now)
    guard now.tv_sec != second else { return now }
    second = now.tv_sec
    var seconds = now.tv_sec
    var parts = tm()
    localtime_r(&seconds, &parts)
    local = text(parts, " ", ",")
    gmtime_r(&seconds, &parts)
    universal = text(parts, "T", ".")
    return now
  }

  private func text(_ parts: tm, _ between: String, _ end: String) -> [UInt8] {
    func pad(_ number: Int32) -> String { number < 10 ? "0\(number)" : "\(number)" }
    let date = "\(parts.tm_year + 1900)-\(pad(parts.tm_mon + 1))-\(pad(parts.tm_mday))"
    let time = "\(pad(parts.tm_hour)):\(pad(parts.tm_min)):\(pad(parts.tm_sec))"
    return Array("\(date)\(between)\(time)\(end)".utf8)
  }

  private func appendMilliseconds(_ now: timespec, to out: ByteBuffer) {
    let milliseconds = now.tv_nsec / 1_000_000
    if milliseconds < 100 { out.append("0") }
    if milliseconds < 10 { out.append("0") }
    out.appendDecimal(milliseconds)
  }
}
