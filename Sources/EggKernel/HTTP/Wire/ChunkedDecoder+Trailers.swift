import EggHTTPSemantics

/// A header field that came after a chunked body.
package struct TrailerField: Equatable, Sendable {
  /// In lower case.
  package let name: [UInt8]
  /// Without surrounding spaces and tabs.
  package let value: [UInt8]
}

/// The trailer section.
///
/// - Source: RFC 9112 §7.1.2, RFC 9110 §6.5.
extension ChunkedDecoder {
  mutating func stepTrailer(_ byte: UInt8) throws(BodyRefusal) {
    switch phase {
    case .trailerStart where byte == 0x0D: phase = .lastLineFeed
    case .trailerStart, .trailer:
      if byte == 0x0A { throw .bareLineFeed }
      trailerBytes &+= 1
      if trailerBytes > maxTrailerBytes { throw .trailersTooLarge }
      if byte == 0x0D {
        phase = .trailerLineFeed
      } else {
        trailerLine.append(byte)
        phase = .trailer
      }
    case .trailerLineFeed:
      guard byte == 0x0A else { throw .bareCarriageReturn }
      try keepTrailer()
      phase = .trailerStart
    default:
      guard byte == 0x0A else { throw .bareCarriageReturn }
      trailerLine = []
      phase = .complete
    }
  }

  /// Checks the finished line and keeps it, unless the field is one that must not come so late.
  private mutating func keepTrailer() throws(BodyRefusal) {
    guard let colon = trailerLine.firstIndex(of: 0x3A) else { throw .invalidTrailer }
    var value = trailerLine[(colon + 1)...]
    while let first = value.first, first == 0x20 || first == 0x09 { value.removeFirst() }
    while let last = value.last, last == 0x20 || last == 0x09 { value.removeLast() }
    let name = trailerLine[..<colon].map(lowercased)
    let isValid =
      name.withUnsafeBufferPointer(isToken) && value.withUnsafeBufferPointer(isFieldValue)
    if !isValid { throw .invalidTrailer }
    trailerCount &+= 1
    if trailerCount > maxTrailers { throw .trailersTooLarge }
    if !isForbidden(name) { trailers.append(TrailerField(name: name, value: Array(value))) }
    trailerLine.removeAll(keepingCapacity: true)
  }

  /// Fields for framing, routing, authentication, request control and the content's nature: whoever
  /// looked at the head has already decided on them (RFC 9110 §6.5.1).
  private func isForbidden(_ name: [UInt8]) -> Bool {
    let id = name.withUnsafeBufferPointer { bytes in
      bytes.baseAddress.map { HeaderName($0, count: bytes.count) } ?? .other
    }
    switch id {
    case .host, .contentLength, .transferEncoding, .connection, .expect, .upgrade, .contentType,
      .contentEncoding, .cookie, .authorization, .proxyAuthorization, .te, .trailer, .range,
      .ifMatch, .ifNoneMatch, .ifModifiedSince, .ifUnmodifiedSince, .ifRange, .cacheControl,
      .pragma, .accept, .acceptCharset, .acceptEncoding, .acceptLanguage, .origin, .forwarded,
      .xForwardedFor, .xForwardedHost, .xForwardedPort, .xForwardedProto, .xRealIP,
      .xCSRFToken, .xHTTPMethodOverride, .keepAlive, .proxyConnection, .contentDisposition:
      return true
    default: break
    }
    let others: [StaticString] = ["set-cookie", "content-range", "max-forwards", "age", "date"]
    return others.contains { other in
      other.utf8CodeUnitCount == name.count
        && name.withUnsafeBufferPointer { bytes in
          bytes.baseAddress.map { spells($0, other, name.count) } ?? false
        }
    }
  }
}
