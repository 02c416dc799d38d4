/// The codings that a client takes.
nonisolated struct AcceptedCodings: OptionSet {
  let rawValue: UInt8

  static let gzip = AcceptedCodings(rawValue: 1)
  static let brotli = AcceptedCodings(rawValue: 2)

  init(rawValue: UInt8) { self.rawValue = rawValue }

  /// Reads `Accept-Encoding` without allocating. Weights only matter where they are zero: the
  /// client says "not this one".
  ///
  /// - Source: RFC 9110 §12.5.3; `x-gzip` is `gzip` (§8.4.1.3).
  init(_ header: UnsafeBufferPointer<UInt8>) {
    var accepted: AcceptedCodings = []
    var named: AcceptedCodings = []
    var takesOthers = false
    var at = 0
    while at < header.count {
      var end = at
      while end < header.count, header[end] != UInt8(ascii: ",") { end += 1 }
      let element = UnsafeBufferPointer(rebasing: header[at..<end])
      let coding: AcceptedCodings =
        switch true {
        case Self.isNamed(element, "gzip"), Self.isNamed(element, "x-gzip"): .gzip
        case Self.isNamed(element, "br"): .brotli
        default: []
        }
      if Self.isNamed(element, "*") {
        takesOthers = !Self.isRefused(element)
      } else if !coding.isEmpty {
        named.insert(coding)
        if !Self.isRefused(element) { accepted.insert(coding) }
      }
      at = end + 1
    }
    if takesOthers { accepted.formUnion(AcceptedCodings([.gzip, .brotli]).subtracting(named)) }
    self = accepted
  }

  private static func isNamed(_ element: UnsafeBufferPointer<UInt8>, _ name: StaticString) -> Bool {
    var at = 0
    while at < element.count, isBlank(element[at]) { at += 1 }
    guard element.count - at >= name.utf8CodeUnitCount else { return false }
    for place in 0..<name.utf8CodeUnitCount {
      let byte = element[at + place]
      let lower = byte &- 0x41 < 26 ? byte | 0x20 : byte
      if lower != name.utf8Start[place] { return false }
    }
    at += name.utf8CodeUnitCount
    return at == element.count || isBlank(element[at]) || element[at] == UInt8(ascii: ";")
  }

  /// Whether the weight is `0`, `0.0` …
  private static func isRefused(_ element: UnsafeBufferPointer<UInt8>) -> Bool {
    var at = 0
    while at < element.count, element[at] != UInt8(ascii: ";") { at += 1 }
    at += 1
    while at < element.count, isBlank(element[at]) { at += 1 }
    guard at + 2 < element.count, element[at] | 0x20 == UInt8(ascii: "q"),
      element[at + 1] == UInt8(ascii: "="), element[at + 2] == UInt8(ascii: "0")
    else { return false }
    return element[(at + 3)...].allSatisfy { $0 == UInt8(ascii: "0") || $0 == UInt8(ascii: ".") }
  }

  private static func isBlank(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 }
}
