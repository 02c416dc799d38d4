import EggHTTPSemantics
import Glibc

/// Writing a response head and chunk frames.
///
///     out.appendStatusLine(200)
///     out.appendDate(date, at: now)
///     out.appendHeader("Content-Type", "text/plain; charset=utf-8")
///     out.appendContentLength(5)
///     out.appendHeadEnd()
///     out.append("Hello")
///
/// - Source: RFC 9112 §4, §5, §7.1.
extension ByteBuffer {
  /// Appends `HTTP/1.1 200 OK\r\n`.
  @inline(__always)
  package func appendStatusLine(_ status: Int) {
    append(StatusLines.shared[status])
  }

  /// Appends a status line with other words than the usual ones (Koa's `ctx.message`).
  ///
  /// - Returns: false, with nothing appended, if `reason` has a control character.
  package func appendStatusLine(_ status: Int, reason: UnsafeBufferPointer<UInt8>) -> Bool {
    guard isFieldValue(reason) else { return false }
    append("HTTP/1.1 ")
    appendDecimal(status >= 100 && status <= 999 ? status : 500)
    append(byte: 0x20)
    append(reason)
    append("\r\n")
    return true
  }

  /// Appends a header of literals, unchecked.
  @inline(__always)
  package func appendHeader(_ name: StaticString, _ value: StaticString) {
    append(name)
    append(": ")
    append(value)
    append("\r\n")
  }

  /// Appends a header with a number.
  package func appendHeader(_ name: StaticString, decimal value: UInt64) {
    append(name)
    append(": ")
    appendDecimal(value)
    append("\r\n")
  }

  /// Appends a header whose name and value were checked when they were set.
  @inline(__always)
  package func appendHeader(
    unchecked name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) {
    let start = reserve(name.count &+ value.count &+ 4)
    var end = 0
    if let bytes = name.baseAddress {
      memcpy(start, bytes, name.count)
      end = name.count
    }
    start[end] = 0x3A
    start[end &+ 1] = 0x20
    end &+= 2
    if let bytes = value.baseAddress {
      memcpy(start + end, bytes, value.count)
      end &+= value.count
    }
    start[end] = 0x0D
    start[end &+ 1] = 0x0A
    didWrite(end &+ 2)
  }

  /// Appends a header after checking it.
  ///
  /// - Returns: false, with nothing appended, if the name is no token or the value has a control
  ///   character (RFC 9110 §5.1, §5.5).
  package func appendHeader(
    _ name: UnsafeBufferPointer<UInt8>, _ value: UnsafeBufferPointer<UInt8>
  ) -> Bool {
    guard isToken(name), isFieldValue(value) else { return false }
    appendHeader(unchecked: name, value)
    return true
  }

  /// The same for text.
  package func appendHeader(text name: String, _ value: String) -> Bool {
    var name = name
    var value = value
    return name.withUTF8 { name in value.withUTF8 { value in appendHeader(name, value) } }
  }

  /// Appends `Content-Length: 5\r\n`.
  package func appendContentLength(_ length: Int) {
    let name: StaticString = "Content-Length: "
    let start = reserve(16 + 20 + 2)
    memcpy(start, name.utf8Start, 16)
    var end = 16 &+ writeDecimal(UInt64(max(length, 0)), to: start + 16)
    start[end] = 0x0D
    start[end &+ 1] = 0x0A
    end &+= 2
    didWrite(end)
  }

  /// Appends `Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n`.
  package func appendDate(_ date: DateHeader, at unixSeconds: Int) {
    withExtendedLifetime(date) { append(date.line(at: unixSeconds)) }
  }

  /// Appends the empty line that ends the head.
  @inline(__always)
  package func appendHeadEnd() { append("\r\n") }

  /// Appends the interim answer that lets the client send its body.
  package func appendContinue() { append("HTTP/1.1 100 Continue\r\n\r\n") }

  /// Appends the line in front of a chunk of `length` bytes. An empty chunk would end the body, so
  /// nothing is appended for 0; use `appendLastChunk`.
  package func appendChunkStart(_ length: Int) {
    if length <= 0 { return }
    appendHexadecimal(UInt64(length))
    append("\r\n")
  }

  /// Appends the line end behind a chunk.
  @inline(__always)
  package func appendChunkEnd() { append("\r\n") }

  /// Appends the chunk that ends a body, without trailers.
  package func appendLastChunk() { append("0\r\n\r\n") }
}
