/// How the end of a request body is found.
///
/// - Source: RFC 9112 §6.3.
package enum BodyFraming: Equatable, Sendable {
  /// No body: neither header is there, or `Content-Length` is 0.
  case none
  /// Exactly this many bytes, at least one.
  case contentLength(UInt64)
  /// Chunks up to the empty one, read with `ChunkedDecoder`.
  case chunked
}

/// Which of the four forms the request target has.
///
/// - Source: RFC 9112 §3.2.
package enum TargetForm: UInt8, Sendable {
  /// `/path?query`
  case origin
  /// `http://host/path?query`
  case absolute
  /// `host:port`, only with CONNECT; path and query are empty.
  case authority
  /// `*`, only with OPTIONS; the path is `*`.
  case asterisk
}

/// The facts of a parsed request head. Plain numbers: texts are ranges of the buffer it was parsed from.
package struct RequestHead: Sendable {
  /// Bytes of the whole head, tolerated empty lines and the last CRLF included; the body starts here.
  package internal(set) var length = 0
  package internal(set) var method = RequestMethod.other
  package internal(set) var targetForm = TargetForm.origin
  /// 0 or 1; higher minor versions are kept as sent and treated as 1.
  package internal(set) var minorVersion: UInt8 = 1
  /// Whether the target has a `?`, even with nothing behind it.
  package internal(set) var hasQuery = false
  /// Whether the connection may carry another request after this one.
  package internal(set) var keepAlive = true
  /// Whether the client waits for `100 Continue` before it sends its body.
  package internal(set) var expectContinue = false
  /// Whether the client asks to change protocol: `Connection: upgrade`, an `Upgrade` header, HTTP/1.1.
  package internal(set) var wantsUpgrade = false
  /// Whether there is a `Content-Length`, even of 0.
  package internal(set) var hasContentLength = false
  package internal(set) var hasTransferEncoding = false
  package internal(set) var framing = BodyFraming.none
  /// The method as sent; never empty.
  package internal(set) var methodName = ByteRange.empty
  /// The request target as sent; never empty.
  package internal(set) var target = ByteRange.empty
  /// The path, still percent-encoded. `/` for an absolute target without one.
  package internal(set) var path = ByteRange.empty
  /// What follows the first `?`, still encoded.
  package internal(set) var query = ByteRange.empty
  /// Host and port: from the target if it has them, else from `Host`; may be empty.
  package internal(set) var host = ByteRange.empty
  /// Number of header fields in the table.
  package internal(set) var headerCount = 0

  package init() {}
}
