import PluginABI

/// The line that `logger.access` asks for, once for each request when its answer is out:
///
///     2026-05-01 10:20:30,123 INFO 4711 [-/203.0.113.9/-/3ms GET /users/7] 200 1270 "curl/8.5" "-"
///
/// Status, bytes of the body (`-` for a stream), User-Agent, Referer; they are the message in JSON too.
extension Log {
  func writeAccess(_ logger: KernelLogger, _ context: Context) {
    guard logger.isEnabled(egg_level(EGG_LOG_INFO)) else { return }
    accessLine.reset()
    accessLine.appendDecimal(Int(context.status))
    accessLine.append(" ")
    if context.sentBytes < 0 {
      accessLine.append("-")
    } else {
      accessLine.appendDecimal(context.sentBytes)
    }
    appendQuoted(context, .userAgent)
    appendQuoted(context, .referer)
    write(logger, egg_level(EGG_LOG_INFO), accessLine.bytes, context: context)
  }

  private func appendQuoted(_ context: Context, _ header: HeaderName) {
    accessLine.append(" \"")
    if let range = context.fields.value(of: header), !range.isEmpty {
      for byte in range.bytes(in: context.base) {
        // A quote would end the field early for whoever splits the line.
        accessLine.append(byte: byte == UInt8(ascii: "\"") ? UInt8(ascii: "'") : byte)
      }
    } else {
      accessLine.append("-")
    }
    accessLine.append("\"")
  }
}
