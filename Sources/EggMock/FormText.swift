/// `application/x-www-form-urlencoded`.
///
/// - Source: WHATWG URL, "application/x-www-form-urlencoded serializing".
enum FormText {
  static func encode(_ map: ValueMap) -> String {
    var pairs: [String] = []
    for (name, value) in map {
      for element in value.array ?? [value] {
        pairs.append(escape(name) + "=" + escape(text(element)))
      }
    }
    return pairs.joined(separator: "&")
  }

  private static func text(_ value: Value) -> String { value.string ?? value.json }

  static func escape(_ text: String) -> String {
    var escaped = ""
    for byte in text.utf8 {
      let scalar = Unicode.Scalar(byte)
      switch scalar {
      case "a"..."z", "A"..."Z", "0"..."9", "*", "-", ".", "_":
        escaped.unicodeScalars.append(scalar)
      case " ": escaped += "+"
      default:
        let digits = String(byte, radix: 16, uppercase: true)
        escaped += digits.utf8.count == 1 ? "%0\(digits)" : "%\(digits)"
      }
    }
    return escaped
  }
}
