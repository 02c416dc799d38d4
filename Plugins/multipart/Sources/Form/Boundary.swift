extension MultipartParser {
  /// The boundary of a content type; nil when it is not `multipart/*` or has none that is valid.
  ///
  /// - Source: RFC 2046 §5.1.1: 1 to 70 characters of a small set, no space at the end.
  public static func boundary(of contentType: String) -> String? {
    let disposition = Disposition(contentType)
    guard disposition.kind.hasPrefix("multipart/"), let boundary = disposition["boundary"],
      (1...70).contains(boundary.utf8.count), boundary.last != " ",
      boundary.utf8.allSatisfy(isAllowed)
    else { return nil }
    return boundary
  }

  private static func isAllowed(_ byte: UInt8) -> Bool {
    switch byte {
    case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "a")...UInt8(ascii: "z"):
      true
    default: "'()+_,-./:=? ".utf8.contains(byte)
    }
  }
}
