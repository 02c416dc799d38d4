/// A way to make a body smaller, by its name in `Content-Encoding`.
public enum Coding: String, Sendable, CaseIterable {
  case br
  case gzip

  init?(_ name: some Collection<UInt8>) {
    if Self.matches(name, "br") {
      self = .br
    } else if Self.matches(name, "gzip") || Self.matches(name, "x-gzip") {
      self = .gzip
    } else {
      return nil
    }
  }

  /// - Parameter word: lower case.
  static func matches(_ name: some Collection<UInt8>, _ word: StaticString) -> Bool {
    guard name.count == word.utf8CodeUnitCount else { return false }
    var at = word.utf8Start
    for byte in name {
      let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
      if lower != at.pointee { return false }
      at += 1
    }
    return true
  }
}

/// What an `Accept-Encoding` field asks for.
///
/// Beside the field's own weights the server's order counts, which is why this is not the negotiation
/// that `ctx.acceptsEncodings` does: browsers give all codings the same weight.
///
/// - Source: RFC 9110 §12.5.3; weights §12.4.2.
public enum AcceptEncoding {
  /// Elements of the field that are looked at.
  static let limit = 32

  /// - Parameters:
  ///   - field: its bytes, all lines with commas between.
  ///   - offers: the server's, the best first.
  /// - Returns: nil when the body is best sent as it is.
  public static func best(_ field: UnsafeBufferPointer<UInt8>, _ offers: [Coding]) -> Coding? {
    // Thousandths; -1: not named.
    var (br, gzip, identity, star) = (-1, -1, -1, -1)
    var elements = 0
    var start = 0
    while start < field.count, elements < limit {
      var end = start
      while end < field.count, field[end] != 0x2C { end += 1 }
      let (name, weight) = element(field, start, end)
      let word = UnsafeBufferPointer(rebasing: field[name])
      switch Coding(word) {
      case .br?: br = weight
      case .gzip?: gzip = max(gzip, weight)
      case nil where Coding.matches(word, "identity"): identity = weight
      case nil where Coding.matches(word, "*"): star = weight
      case nil: break
      }
      elements += 1
      start = end + 1
    }
    var best: Coding?
    var bestWeight = max(0, identity >= 0 ? identity - 1 : 0)
    for offer in offers {
      var weight = offer == .br ? br : gzip
      if weight < 0 { weight = max(0, star) }
      if weight > bestWeight { (best, bestWeight) = (offer, weight) }
    }
    return best
  }

  /// One element: where its name stands, and its weight.
  private static func element(_ field: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> (
    Range<Int>, Int
  ) {
    var first = start
    while first < end, isSpace(field[first]) { first += 1 }
    var last = first
    while last < end, field[last] != 0x3B, !isSpace(field[last]) { last += 1 }
    var at = last
    while at < end, field[at] == 0x3B || isSpace(field[at]) { at += 1 }
    guard at < end, field[at] | 0x20 == 0x71 else { return (first..<last, 1000) }
    at += 1
    while at < end, isSpace(field[at]) { at += 1 }
    guard at < end, field[at] == 0x3D else { return (first..<last, 0) }
    return (first..<last, weight(field, at + 1, end))
  }

  private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }

  /// `0.8` is 800; what is no weight counts as 0.
  private static func weight(_ field: UnsafeBufferPointer<UInt8>, _ start: Int, _ end: Int) -> Int {
    var at = start
    while at < end, isSpace(field[at]) { at += 1 }
    guard at < end, field[at] == 0x30 || field[at] == 0x31 else { return 0 }
    var value = Int(field[at] - 0x30) * 1000
    at += 1
    guard at < end, field[at] == 0x2E else { return value }
    at += 1
    var scale = 100
    while at < end, scale > 0, field[at] &- 0x30 < 10 {
      value += Int(field[at] - 0x30) * scale
      scale /= 10
      at += 1
    }
    return min(value, 1000)
  }
}
