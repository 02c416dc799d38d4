/// Whether a request's path stays below the root once it is decoded.
///
/// - Parameter path: as sent. A malformed escape makes it what it is, undecoded.
public func staysBelowRoot(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
  // Without two dots, plain or encoded, there is no way up.
  var dots = 0
  var escapes = 0
  for byte in path {
    if byte == UInt8(ascii: ".") { dots += 1 }
    if byte == UInt8(ascii: "%") { escapes += 1 }
  }
  guard dots + escapes >= 2 else { return true }
  let bytes = percentDecoded(Array(path)) ?? Array(path)
  var depth = 0
  for part in bytes.split(whereSeparator: { $0 == UInt8(ascii: "/") || $0 == UInt8(ascii: "\\") }) {
    if part.elementsEqual("..".utf8) {
      depth -= 1
      if depth < 0 { return false }
    } else if !part.elementsEqual(".".utf8) {
      depth += 1
    }
  }
  return true
}
