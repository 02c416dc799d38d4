/// How much of a request is read before it is refused.
///
/// The number of header fields is limited by the capacity of the `HeaderTable`.
package struct RequestLimits: Sendable {
  /// Bytes of the request line without its CRLF; more is refused with 414.
  package var requestLine: Int
  /// Bytes of all header lines together, line ends included; more is refused with 431.
  package var headerBytes: Int
  /// The largest `Content-Length` accepted; more is refused with 413. No limit by default, because
  /// body limits usually belong to the route.
  package var contentLength: UInt64
  /// Empty lines tolerated before the request line (RFC 9112 §2.2 asks for at least one).
  package var leadingEmptyLines: Int
  /// Whether bytes from 0x80 up are accepted in the request target, as some command-line clients send
  /// them for unencoded UTF-8 paths.
  package var allowsRawBytesInTarget: Bool

  package init(
    requestLine: Int = 8 * 1024, headerBytes: Int = 16 * 1024, contentLength: UInt64 = .max,
    leadingEmptyLines: Int = 4, allowsRawBytesInTarget: Bool = false
  ) {
    self.requestLine = requestLine
    self.headerBytes = headerBytes
    self.contentLength = contentLength
    self.leadingEmptyLines = leadingEmptyLines
    self.allowsRawBytesInTarget = allowsRawBytesInTarget
  }
}
