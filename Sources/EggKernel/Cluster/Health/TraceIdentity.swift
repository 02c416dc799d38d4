import Glibc
import PluginABI

/// A request's place in a trace: `00-TRACE-SPAN-FLAGS`.
///
/// - Source: W3C Trace Context, section 3.2, "traceparent Header".
struct TraceIdentity {
  /// 32 lowercase hexadecimal digits.
  var trace: [UInt8]
  /// 16 digits, of this request.
  var span: [UInt8]
  /// Of the client's header, or 1, sampled.
  var flags: [UInt8]

  /// Continues the client's trace when its header is valid, begins one otherwise.
  init(parent: UnsafeBufferPointer<UInt8>?) {
    let digits = TraceIdentity.random(24)
    span = Array(digits[32...])
    if let parent, TraceIdentity.isValid(parent) {
      trace = Array(parent[3..<35])
      flags = Array(parent[53..<55])
    } else {
      trace = Array(digits[..<32])
      flags = [UInt8(ascii: "0"), UInt8(ascii: "1")]
    }
  }

  /// The header for what is asked on behalf of this request.
  var parent: [UInt8] {
    let dash = [UInt8(ascii: "-")]
    return [UInt8(ascii: "0"), UInt8(ascii: "0")] + dash + trace + dash + span + dash + flags
  }

  static func isValid(_ text: UnsafeBufferPointer<UInt8>) -> Bool {
    guard text.count >= 55 else { return false }
    let dash = UInt8(ascii: "-")
    guard text[2] == dash, text[35] == dash, text[52] == dash else { return false }
    for index in 0..<55 where index != 2 && index != 35 && index != 52 {
      switch text[index] {
      case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "a")...UInt8(ascii: "f"): break
      default: return false
      }
    }
    let zero = UInt8(ascii: "0")
    // Version ff is forbidden; version 00 has nothing behind the flags, later ones may after a dash.
    if text[0] == UInt8(ascii: "f"), text[1] == UInt8(ascii: "f") { return false }
    if text.count > 55 {
      if text[0] == zero, text[1] == zero { return false }
      if text[55] != dash { return false }
    }
    return text[3..<35].contains { $0 != zero } && text[36..<52].contains { $0 != zero }
  }

  private static func random(_ count: Int) -> [UInt8] {
    var bytes = [UInt8](repeating: 0, count: count)
    if getentropy(&bytes, count) != 0 {
      for index in bytes.indices { bytes[index] = UInt8.random(in: 0...255) }
    }
    let digits = Array("0123456789abcdef".utf8)
    return bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }
  }
}

extension Context {
  var traceIdentity: TraceIdentity {
    if let trace { return trace }
    let name: StaticString = "traceparent"
    let range = fields.header(
      named: UnsafeBufferPointer(start: name.utf8Start, count: name.utf8CodeUnitCount), nth: 0,
      in: base)
    let made = TraceIdentity(parent: range?.bytes(in: base))
    trace = made
    return made
  }
}
