import EggHTTPSemantics

/// `method SP request-target SP HTTP-version CRLF`
///
/// - Source: RFC 9112 §3.
extension HeadScanner {
  private static var longestMethod: Int { 32 }

  @inline(__always)
  mutating func scanRequestLine() throws(Stop) {
    try scanMethod()
    try scanTarget()
    try scanVersion()
    if at &- 2 &- lineStart > limits.requestLine { throw .refused(.requestLineTooLong) }
    try scanTargetForm()
    fieldsStart = at
  }

  @inline(__always)
  private mutating func scanMethod() throws(Stop) {
    let start = at
    at = endOfToken(from: start)
    let length = at &- start
    if length > Self.longestMethod { throw .refused(.methodTooLong) }
    if at >= count { throw .incomplete }
    if bytes[at] != 0x20 || length == 0 {
      throw .refused(bytes[at] == 0x16 && length == 0 ? .tlsOnPlainPort : .invalidMethod)
    }
    head.method = RequestMethod(bytes + start, count: length)
    head.methodName = ByteRange(offset: start, length: length)
    at &+= 1
  }

  @inline(__always)
  private mutating func scanTarget() throws(Stop) {
    let start = at
    var end = start
    var questionMark = -1
    while end < count {
      let byte = bytes[end]
      if !ByteClass.target.contains(byte) {
        if byte < 0x80 || !limits.allowsRawBytesInTarget { break }
      } else if byte == 0x3F, questionMark < 0 {
        questionMark = end
      }
      end &+= 1
    }
    at = end
    // Said early, so that an endless target is not stored up to the limit of the next check.
    if at &- lineStart > limits.requestLine { throw .refused(.requestLineTooLong) }
    if at >= count { throw .incomplete }
    if bytes[at] != 0x20 {
      if bytes[at] == 0x0D || bytes[at] == 0x0A { throw .refused(.missingVersion) }
      throw .refused(.invalidTargetByte)
    }
    if at == start { throw .refused(.invalidTargetByte) }
    head.target = ByteRange(from: start, to: at)
    if questionMark >= 0 {
      head.hasQuery = true
      head.path = ByteRange(from: start, to: questionMark)
      head.query = ByteRange(from: questionMark &+ 1, to: at)
    } else {
      head.path = head.target
      head.query = ByteRange(offset: at, length: 0)
    }
    at &+= 1
  }

  @inline(__always)
  private mutating func scanVersion() throws(Stop) {
    let start = at
    if count &- start < 10 { try checkShortVersion() }
    let version = bytes + start
    guard spells(version, "HTTP/", 5), isDigit(version[5]), version[6] == 0x2E, isDigit(version[7])
    else { throw .refused(.invalidVersion) }
    if version[5] != 0x31 {
      let isPreface = head.methodName.length == 3 && spells(bytes + lineStart, "PRI", 3)
      throw .refused(isPreface ? .http2Preface : .unsupportedVersion)
    }
    head.minorVersion = version[7] &- 0x30
    at &+= 8
    try scanLineEnd(otherwise: .invalidVersion)
  }

  /// Refuses what cannot become a version any more, so that a client that sent a wrong line and waits
  /// gets its answer.
  @inline(never)
  private func checkShortVersion() throws(Stop) {
    var index = at
    while index < count {
      if bytes[index] == 0x0D || bytes[index] == 0x0A {
        throw index &- at == 8 ? .incomplete : .refused(.invalidVersion)
      }
      index &+= 1
    }
    throw .incomplete
  }
}

@inline(__always)
func isDigit(_ byte: UInt8) -> Bool { byte &- 0x30 < 10 }
