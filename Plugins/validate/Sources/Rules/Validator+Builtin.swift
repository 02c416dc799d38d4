import Egg

extension Validator {
  static let names = [
    "number", "int", "integer", "string", "id", "date", "dateTime", "datetime", "boolean", "bool",
    "array", "object", "enum", "email", "password", "url",
  ]

  /// Those that look at nothing but the value.
  static let builtin: [String: @MainActor (Value, Rule) throws -> String?] = [
    "int": integer, "integer": integer, "number": number,
    "bool": boolean, "boolean": boolean, "enum": oneOf,
    "id": { shaped($0, $1, "should match /^\\d+$/") { $0.allSatisfy(isDigit) } },
    "date": {
      shaped($0, $1, "should match /^\\d{4}\\-\\d{2}\\-\\d{2}$/") { fits($0, "0000-00-00") }
    },
    "dateTime": dateTime, "datetime": dateTime,
    "email": { shaped($0, $1, "should be an email", isEmail) },
    "url": { shaped($0, $1, "should be a url", isURL) },
  ]

  private static func integer(_ value: Value, _ rule: Rule) -> String? {
    guard value.int != nil else { return "should be an integer" }
    return range(value, rule)
  }

  private static func number(_ value: Value, _ rule: Rule) -> String? {
    guard let number = value.double, !number.isNaN else { return "should be a number" }
    return range(value, rule)
  }

  private static func range(_ value: Value, _ rule: Rule) -> String? {
    guard let number = value.double else { return nil }
    if let max = rule["max"].double, number > max { return "should smaller than \(rule["max"])" }
    if let min = rule["min"].double, number < min { return "should bigger than \(rule["min"])" }
    return nil
  }

  private static func boolean(_ value: Value, _ rule: Rule) -> String? {
    value.bool == nil ? "should be a boolean" : nil
  }

  private static func oneOf(_ value: Value, _ rule: Rule) throws -> String? {
    guard let values = rule["values"].array else {
      throw EggError(code: "EGG_VALIDATE", "check enum need array type values")
    }
    if values.contains(value) { return nil }
    return "should be one of \(values.map(\.description).joined(separator: ", "))"
  }

  private static let dateTime: @MainActor (Value, Rule) throws -> String? = {
    shaped($0, $1, "should match /^\\d{4}\\-\\d{2}\\-\\d{2} \\d{2}:\\d{2}:\\d{2}$/") {
      fits($0, "0000-00-00 00:00:00")
    }
  }

  // MARK: text of a certain form

  private static func shaped(
    _ value: Value, _ rule: Rule, _ message: String, _ fits: ([UInt8]) -> Bool
  ) -> String? {
    guard let text = value.string else { return "should be a string" }
    if text.isEmpty { return rule.allowsEmpty ? nil : "should not be empty" }
    return fits(Array(text.utf8)) ? nil : message
  }

  /// Whether there is a digit for every `0`, and the same byte for every other one.
  private static func fits(_ text: [UInt8], _ form: String) -> Bool {
    text.count == form.utf8.count
      && zip(text, form.utf8).allSatisfy { $1 == UInt8(ascii: "0") ? isDigit($0) : $0 == $1 }
  }

  private static func isDigit(_ byte: UInt8) -> Bool { 0x30...0x39 ~= byte }

  /// `local@domain`: dots inside only, a domain of labels with at least one dot.
  ///
  /// - Source: RFC 5321 §4.1.2 without quoted local parts, address literals and comments.
  private static func isEmail(_ text: [UInt8]) -> Bool {
    guard text.count <= 254, let at = text.lastIndex(of: UInt8(ascii: "@")) else { return false }
    let local = text[..<at]
    guard (1...64).contains(local.count) else { return false }
    let words = local.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    let isLocal = words.allSatisfy { word in
      !word.isEmpty
        && word.allSatisfy {
          isLetter($0) || isDigit($0) || "!#$%&'*+-/=?^_`{|}~".utf8.contains($0)
        }
    }
    return isLocal && isDomain(text[(at + 1)...], dots: 1)
  }

  private static func isLetter(_ byte: UInt8) -> Bool { 0x61...0x7A ~= byte | 0x20 }

  private static func isDomain(_ text: ArraySlice<UInt8>, dots: Int) -> Bool {
    guard text.count <= 253 else { return false }
    let labels = text.split(separator: UInt8(ascii: "."), omittingEmptySubsequences: false)
    return labels.count > dots
      && labels.allSatisfy { label in
        (1...63).contains(label.count) && label.first != 0x2D && label.last != 0x2D
          && label.allSatisfy { isLetter($0) || isDigit($0) || $0 == 0x2D || $0 >= 0x80 }
      }
  }

  /// An absolute url of http, https or ftp with a host.
  private static func isURL(_ text: [UInt8]) -> Bool {
    guard text.count <= 2083, !text.contains(where: { $0 <= 0x20 || $0 == 0x7F }) else {
      return false
    }
    let lower = text.map { 0x41...0x5A ~= $0 ? $0 | 0x20 : $0 }
    guard
      let scheme = ["http://", "https://", "ftp://"].first(where: { lower.starts(with: $0.utf8) })
    else { return false }
    let rest = text[scheme.utf8.count...]
    var authority = rest.prefix { $0 != 0x2F && $0 != 0x3F && $0 != 0x23 }
    if let at = authority.lastIndex(of: UInt8(ascii: "@")) { authority = authority[(at + 1)...] }
    if authority.first == UInt8(ascii: "["), let end = authority.firstIndex(of: UInt8(ascii: "]")) {
      return end > authority.startIndex + 2 && isPort(authority[(end + 1)...])
    }
    let host = authority.prefix { $0 != UInt8(ascii: ":") }
    return isPort(authority[host.endIndex...]) && isDomain(host, dots: 0)
  }

  private static func isPort(_ text: ArraySlice<UInt8>) -> Bool {
    if text.isEmpty { return true }
    let digits = String(decoding: text.dropFirst(), as: UTF8.self)
    return text.first == UInt8(ascii: ":") && UInt16(digits) != nil
  }
}
