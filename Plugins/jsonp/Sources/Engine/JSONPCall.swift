/// A script that calls a function of the page which asks.
package enum JSONPCall {
  /// What is left of the name that a client sent: letters, digits and `_$.[]`, at most `limit` of them.
  ///
  /// - Returns: nil when nothing is left.
  package static func name(_ sent: String, limit: Int) -> String? {
    let allowed = sent.utf8.lazy.filter { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "_$.[]".utf8.contains(byte)
      }
    }
    let name = String(decoding: Array(allowed.prefix(max(0, limit))), as: UTF8.self)
    return name.isEmpty ? nil : name
  }

  /// Calls the function, if it is one. The comment in front keeps the answer from being read as
  /// something else than a script.
  ///
  /// - Parameters:
  ///   - name: of `name(_:limit:)`.
  ///   - json: "" is a call without an argument.
  package static func text(_ name: String, json: String) -> String {
    "/**/ typeof \(name) === 'function' && \(name)(\(onOneLine(json)));"
  }

  /// JSON in which nothing ends a line of JavaScript.
  private static func onOneLine(_ json: String) -> String {
    // Both begin with this byte in UTF-8, and most answers have none.
    guard json.utf8.contains(0xE2) else { return json }
    return json.unicodeScalars.reduce(into: "") { text, scalar in
      switch scalar {
      case "\u{2028}": text += "\\u2028"
      case "\u{2029}": text += "\\u2029"
      default: text.unicodeScalars.append(scalar)
      }
    }
  }
}
