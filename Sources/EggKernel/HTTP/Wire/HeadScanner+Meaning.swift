import EggHTTPSemantics

/// What the fields that steer the connection said so far.
struct SeenFields {
  var contentLength: UInt64 = 0
  var host = false
  var close = false
  var keepAlive = false
  var connectionUpgrade = false
  var upgrade = false
  var expectContinue = false
}

/// Reading the fields that decide where the body ends and what becomes of the connection.
extension HeadScanner {
  @inline(never)
  mutating func note(_ id: HeaderName, _ value: ByteRange) throws(Stop) {
    switch id {
    case .host: try noteHost(value)
    case .contentLength: try noteContentLength(value)
    case .transferEncoding: try noteTransferEncoding(value)
    case .connection: noteConnection(value)
    case .upgrade: seen.upgrade = seen.upgrade || !value.isEmpty
    case .expect:
      guard value.length == 12, spellsFolded(bytes + value.start, "100-continue", 12) else {
        throw .refused(.unknownExpectation)
      }
      seen.expectContinue = true
    default: break
    }
  }

  /// Puts the fields together once all are known.
  @inline(__always)
  mutating func decide() throws(Stop) {
    let isHTTP10 = head.minorVersion == 0
    if !seen.host && !isHTTP10 { throw .refused(.missingHost) }
    if head.hasTransferEncoding {
      if head.hasContentLength { throw .refused(.contentLengthWithTransferEncoding) }
      if isHTTP10 { throw .refused(.transferEncodingInHTTP10) }
      head.framing = .chunked
    } else if seen.contentLength > 0 {
      if seen.contentLength > limits.contentLength { throw .refused(.contentTooLarge) }
      head.framing = .contentLength(seen.contentLength)
    }
    head.keepAlive = !seen.close && (!isHTTP10 || seen.keepAlive)
    // HTTP/1.0 knows neither (RFC 9110 §7.8, §10.1.1), and without a body there is nothing to wait for.
    head.wantsUpgrade = seen.upgrade && seen.connectionUpgrade && !isHTTP10
    head.expectContinue = seen.expectContinue && !isHTTP10 && head.framing != .none
  }

  private mutating func noteHost(_ value: ByteRange) throws(Stop) {
    if seen.host { throw .refused(.repeatedHost) }
    seen.host = true
    let text = value.bytes(in: bytes)
    if !lastHost.pointee.holds(text) {
      if checkHost(text) == .invalid { throw .refused(.invalidHost) }
      lastHost.pointee.keep(text)
    }
    // A target with a host wins over the field (RFC 9112 §3.2.2).
    if head.targetForm == .origin || head.targetForm == .asterisk { head.host = value }
  }

  /// One number, digits only, at most 2^63 - 1. A list such as `5, 5` may be merged by the RFC
  /// (RFC 9110 §8.6) and is refused here.
  private mutating func noteContentLength(_ value: ByteRange) throws(Stop) {
    if head.hasContentLength { throw .refused(.repeatedContentLength) }
    head.hasContentLength = true
    if value.isEmpty { throw .refused(.invalidContentLength) }
    var length: UInt64 = 0
    var tooLarge = false
    for byte in value.bytes(in: bytes) {
      guard isDigit(byte) else { throw .refused(.invalidContentLength) }
      if length > UInt64(Int64.max) / 10 {
        tooLarge = true
      } else {
        length = length &* 10 &+ UInt64(byte &- 0x30)
      }
    }
    if tooLarge || length > UInt64(Int64.max) { throw .refused(.contentTooLarge) }
    seen.contentLength = length
  }

  /// Exactly `chunked`. Anything else is told apart only to answer with the right status.
  private mutating func noteTransferEncoding(_ value: ByteRange) throws(Stop) {
    if head.hasTransferEncoding { throw .refused(.repeatedTransferEncoding) }
    head.hasTransferEncoding = true
    if value.length == 7, spellsFolded(bytes + value.start, "chunked", 7) { return }
    var codings = 0
    var chunked = 0
    var lastIsChunked = false
    var list = ListScanner(value, in: bytes)
    while let item = list.next() {
      let text = item.bytes(in: bytes)
      guard let first = text.first, ByteClass.token.contains(first) else {
        throw .refused(.invalidTransferEncoding)
      }
      codings &+= 1
      lastIsChunked = text.count == 7 && spellsFolded(bytes + item.start, "chunked", 7)
      if lastIsChunked { chunked &+= 1 }
    }
    if codings == 0 { throw .refused(.invalidTransferEncoding) }
    throw .refused(lastIsChunked && chunked == 1 ? .unknownTransferCoding : .chunkedNotLast)
  }

  private mutating func noteConnection(_ value: ByteRange) {
    var list = ListScanner(value, in: bytes)
    while let item = list.next() {
      let start = bytes + item.start
      switch item.length {
      case 5: if spellsFolded(start, "close", 5) { seen.close = true }
      case 7: if spellsFolded(start, "upgrade", 7) { seen.connectionUpgrade = true }
      case 10: if spellsFolded(start, "keep-alive", 10) { seen.keepAlive = true }
      default: break
      }
    }
  }
}

/// Walks a comma-separated list without quoted strings; empty elements are skipped.
///
/// - Source: RFC 9110 §5.6.1.
struct ListScanner {
  private let bytes: UnsafePointer<UInt8>
  private var at: Int
  private let end: Int

  init(_ range: ByteRange, in bytes: UnsafePointer<UInt8>) {
    self.bytes = bytes
    at = range.start
    end = range.end
  }

  /// The next element without surrounding white space, or nil at the end.
  mutating func next() -> ByteRange? {
    while at < end {
      while at < end, isSpace(bytes[at]) || bytes[at] == 0x2C { at &+= 1 }
      if at == end { return nil }
      let start = at
      while at < end, bytes[at] != 0x2C { at &+= 1 }
      var last = at
      while last > start, isSpace(bytes[last &- 1]) { last &-= 1 }
      return ByteRange(from: start, to: last)
    }
    return nil
  }

  @inline(__always)
  private func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
