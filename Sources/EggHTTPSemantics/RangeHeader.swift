/// What a `Range` header asks for.
package enum RangeRequest: Equatable, Sendable {
  /// No header, another unit, malformed, or abusive: send everything with 200.
  case everything
  /// No range lies inside the content: answer 416 with `Content-Range: bytes */size`.
  case unsatisfiable
  /// At least one range, in the client's order: answer 206.
  case ranges([ContentRange])
}

/// Bytes `start … last` of a content, both included.
package struct ContentRange: Equatable, Sendable {
  package let start: Int
  package let last: Int

  package init(start: Int, last: Int) {
    self.start = start
    self.last = last
  }

  package var length: Int { last - start + 1 }

  /// The value of `Content-Range` for this part of `size` bytes: `bytes 0-99/1000`.
  package func headerValue(size: Int) -> String { "bytes \(start)-\(last)/\(size)" }
}

/// Reads a `Range` header for a content of `size` bytes.
///
///     rangeRequest("bytes=0-99, -10", size: 1000)  // .ranges of 0…99 and 990…999
///
/// A range past the end is cut; one that starts past it is left out. More than `maxRanges` ranges, or
/// ranges that together are longer than the content (overlapping ones), are answered with everything,
/// which RFC 9110 §14.2 allows and which defuses the attack.
///
/// - Source: RFC 9110 §14.1.2, §14.2, §17.15.
package func rangeRequest(_ header: String?, size: Int, maxRanges: Int = 16) -> RangeRequest {
  guard let header, let (unit, set) = Bytes(header).cut(at: 0x3D), unit.lowercasedText == "bytes"
  else { return .everything }
  let specs = set.list(separator: 0x2C)
  if specs.isEmpty || specs.count > maxRanges { return .everything }
  var ranges: [ContentRange] = []
  var total = 0
  for spec in specs {
    guard let (first, last) = spec.cut(at: 0x2D) else { return .everything }
    guard let start = number(first), let end = number(last) else { return .everything }
    switch (start, end) {
    case (nil, nil): return .everything
    case (nil, let suffix?):
      if suffix > 0 && size > 0 {
        ranges.append(.init(start: max(size - suffix, 0), last: size - 1))
      }
    case (let start?, let end):
      if let end, end < start { return .everything }
      if start < size { ranges.append(.init(start: start, last: min(end ?? size - 1, size - 1))) }
    }
  }
  for range in ranges { total += range.length }
  if ranges.isEmpty { return .unsatisfiable }
  return total > size ? .everything : .ranges(ranges)
}

/// The number, a nil inside for an empty text, or nil for anything but digits. Too large is `Int.max`.
private func number(_ text: Bytes) -> Int?? {
  if text.isEmpty { return .some(nil) }
  var value = 0
  for byte in text {
    guard byte &- 0x30 < 10 else { return nil }
    let (scaled, overflow) = value.multipliedReportingOverflow(by: 10)
    let (sum, carry) = scaled.addingReportingOverflow(Int(byte &- 0x30))
    value = overflow || carry ? .max : sum
  }
  return .some(value)
}
