import EggHTTPSemantics

/// The status lines of all codes, made once: `HTTP/1.1 200 OK\r\n`.
///
/// The version is always 1.1, also in answers to 1.0 clients: it says what the server can do
/// (RFC 9110 §2.5).
package struct StatusLines: @unchecked Sendable {
  // Unchecked because of the pointer; the memory is never written after `init` and never freed.
  private let text: UnsafeMutablePointer<UInt8>
  private let offsets: UnsafeMutablePointer<UInt32>

  /// The table every writer uses.
  package static let shared = StatusLines()

  private init() {
    let lines = ByteBuffer(capacity: 32 * 1024)
    offsets = .allocate(capacity: 901)
    for status in 100...999 {
      offsets[status - 100] = UInt32(lines.count)
      lines.append("HTTP/1.1 ")
      lines.appendDecimal(status)
      lines.append(byte: 0x20)
      lines.append(reasonPhrase(status))
      lines.append("\r\n")
    }
    offsets[900] = UInt32(lines.count)
    text = .allocate(capacity: lines.count)
    text.initialize(from: lines.readPointer, count: lines.count)
  }

  /// The line for `status`; the one for 500 if `status` is outside of 100 … 999.
  @inline(__always)
  package subscript(status: Int) -> UnsafeBufferPointer<UInt8> {
    let index = status >= 100 && status <= 999 ? status - 100 : 400
    let start = Int(offsets[index])
    return UnsafeBufferPointer(start: text + start, count: Int(offsets[index + 1]) &- start)
  }
}
