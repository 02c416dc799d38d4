import Glibc
import PluginABI

/// One line as a JSON object: `outputJSON` files, and the console with `consoleJSON`.
///
///     {"level":"WARN","date":"2026-05-01T08:20:30.123Z","pid":4711,"hostname":"web1",
///      "logger":"logger","message":"…","ip":"203.0.113.9","traceId":"…","use":3,"method":"GET",
///      "url":"/users/7","plugin":"mysql"}
extension Log {
  func appendJSON(
    to out: ByteBuffer, _ logger: KernelLogger, _ level: egg_level,
    _ message: UnsafeBufferPointer<UInt8>, _ context: Context?, _ fields: egg_value?
  ) {
    out.append("{\"level\":\"")
    out.append(LogLevelName.of(level))
    out.append("\",\"date\":\"")
    clock.appendUniversal(to: out)
    out.append("\",\"pid\":")
    out.append(processText)
    out.append(",\"hostname\":")
    out.append(hostText)
    out.append(",\"logger\":")
    JSONText.append(logger.nameText.value.bytes, to: out)
    out.append(",\"message\":")
    appendString(message, to: out)
    if let context { appendRequest(context, to: out) }
    if let fields, fields.kind == Kind.map, let pairs = fields.as.pairs {
      for index in 0..<Int(fields.count) {
        out.append(",")
        let key = pairs[index].key
        // A field must not say that it is another line's level or message.
        if isTaken(key) {
          out.append("\"fields.")
          out.append(key.bytes)
          out.append("\"")
        } else {
          appendString(key.bytes, to: out)
        }
        out.append(":")
        appendValue(pairs[index].value, to: out)
      }
    }
    out.append("}\n")
  }

  private func appendRequest(_ context: Context, to out: ByteBuffer) {
    if let user = context.stateValue(egg_str("userId")),
      user.kind == Kind.string || user.kind == Kind.int
    {
      out.append(",\"userId\":")
      appendValue(user, to: out)
    }
    out.append(",\"ip\":")
    appendString(address(of: context), to: out)
    if let trace = context.traceText {
      out.append(",\"traceId\":")
      appendString(trace, to: out)
    }
    out.append(",\"use\":")
    out.appendDecimal((monotonicNanoseconds() &- context.startedNanoseconds) / 1_000_000)
    out.append(",\"method\":")
    appendString(context.head.methodName.bytes(in: context.base), to: out)
    out.append(",\"url\":")
    appendString(context.head.target.bytes(in: context.base), to: out)
  }

  private func isTaken(_ key: egg_str) -> Bool {
    for name in Self.ownKeys where key.equals(name) { return true }
    return false
  }

  private static let ownKeys: [StaticString] = [
    "level", "date", "pid", "hostname", "logger", "message", "userId", "ip", "traceId", "use",
    "method", "url",
  ]

  private func appendValue(_ value: egg_value, to out: ByteBuffer) {
    switch value.kind {
    case Kind.string: appendString(value.text.bytes, to: out)
    case Kind.bytes, Kind.object, Kind.undefined:
      out.append("\"")
      LogText.append(value, to: out)
      out.append("\"")
    default: JSONText.append(value, to: out)
    }
  }

  /// Bytes that are not UTF-8 would make the whole line unreadable for a parser.
  private func appendString(_ bytes: UnsafeBufferPointer<UInt8>, to out: ByteBuffer) {
    if bytes.allSatisfy({ $0 < 0x80 }) { return JSONText.append(bytes, to: out) }
    JSONText.append(String(decoding: bytes, as: UTF8.self), to: out)
  }
}
