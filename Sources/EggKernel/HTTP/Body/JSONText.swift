import Glibc
import PluginABI

/// Writing JSON from the trees that units hand over.
enum JSONText {
  static func append(_ text: String, to out: ByteBuffer) {
    var text = text
    text.withUTF8 { append($0, to: out) }
  }

  /// A JSON string. Bytes that are not UTF-8 are the caller's concern; they are passed on.
  static func append(_ bytes: UnsafeBufferPointer<UInt8>, to out: ByteBuffer) {
    out.append(byte: UInt8(ascii: "\""))
    var start = 0
    for index in 0..<bytes.count {
      let byte = bytes[index]
      if byte >= 0x20, byte != UInt8(ascii: "\""), byte != UInt8(ascii: "\\") { continue }
      out.append(UnsafeBufferPointer(rebasing: bytes[start..<index]))
      start = index + 1
      switch byte {
      case UInt8(ascii: "\""): out.append("\\\"")
      case UInt8(ascii: "\\"): out.append("\\\\")
      case 0x0A: out.append("\\n")
      case 0x0D: out.append("\\r")
      case 0x09: out.append("\\t")
      case 0x08: out.append("\\b")
      case 0x0C: out.append("\\f")
      default:
        out.append("\\u00")
        out.append(byte: byte < 0x10 ? UInt8(ascii: "0") : UInt8(ascii: "1"))
        let low = byte & 0xF
        out.append(byte: low < 10 ? 0x30 + low : 0x57 + low)
      }
    }
    if start < bytes.count { out.append(UnsafeBufferPointer(rebasing: bytes[start...])) }
    out.append(byte: UInt8(ascii: "\""))
  }

  static func append(_ value: egg_value, to out: ByteBuffer, depth: Int = 0) {
    guard depth < 128 else { return out.append("null") }
    switch value.kind {
    case Kind.bool: out.append(value.as.boolean ? "true" : "false")
    case Kind.int, Kind.time: out.appendDecimal(Int(value.as.integer))
    case Kind.double:
      var text: [UInt8] = []
      JSONWriter.append(.double(value.as.number), to: &text)
      out.append(text)
    case Kind.string: append(value.text.bytes, to: out)
    case Kind.list:
      out.append("[")
      for index in 0..<Int(value.count) {
        if index > 0 { out.append(",") }
        append(value.as.items![index], to: out, depth: depth + 1)
      }
      out.append("]")
    case Kind.map:
      out.append("{")
      for index in 0..<Int(value.count) {
        if index > 0 { out.append(",") }
        append(value.as.pairs![index].key.bytes, to: out)
        out.append(":")
        append(value.as.pairs![index].value, to: out, depth: depth + 1)
      }
      out.append("}")
    default: out.append("null")
    }
  }
}
