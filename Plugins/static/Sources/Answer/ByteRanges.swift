import EggHTTPSemantics

/// A body of several parts.
///
/// - Source: RFC 9110 §14.6.
nonisolated struct ByteRanges {
  /// The value of `Content-Type`.
  let type: String
  let body: [UInt8]

  /// - Parameters:
  ///   - boundary: a token that the contents do not hold; random is enough.
  ///   - read: appends the bytes of a part; false when they are not there any more.
  /// - Returns: nil when a part cannot be read.
  init?(
    _ ranges: [ContentRange], size: Int, type partType: String, boundary: String,
    read: (ContentRange, inout [UInt8]) -> Bool
  ) {
    var body: [UInt8] = []
    for range in ranges {
      body += "--\(boundary)\r\nContent-Type: \(partType)\r\n".utf8
      body += "Content-Range: \(range.headerValue(size: size))\r\n\r\n".utf8
      guard read(range, &body) else { return nil }
      body += "\r\n".utf8
    }
    body += "--\(boundary)--\r\n".utf8
    self.body = body
    type = "multipart/byteranges; boundary=\(boundary)"
  }

  /// 24 random hexadecimal digits.
  static func randomBoundary() -> String {
    let digits = Array("0123456789abcdef".utf8)
    return String(decoding: (0..<24).map { _ in digits.randomElement()! }, as: UTF8.self)
  }
}
