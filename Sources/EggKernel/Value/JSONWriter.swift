/// Writes values as JSON, in the shape of JavaScript's `JSON.stringify`.
///
///     JSONWriter.text(["a": [1, 2.5]])                  // {"a":[1,2.5]}
///     JSONWriter.text(["a": []], indentation: 2)        // {\n  "a": []\n}
///
/// Members keep their order (JavaScript moves keys that look like numbers to the front).
/// - Source: ECMA-262, JSON.stringify and Number::toString.
package enum JSONWriter {
  /// - Parameter indentation: spaces a level; 0 writes everything on one line.
  package static func bytes(_ value: ConfigValue, indentation: Int = 0) -> [UInt8] {
    var output: [UInt8] = []
    append(value, to: &output, indentation: indentation)
    return output
  }

  package static func text(_ value: ConfigValue, indentation: Int = 0) -> String {
    String(decoding: bytes(value, indentation: indentation), as: UTF8.self)
  }

  /// Appends the text of `value`; `level` is the depth at which it stands.
  package static func append(
    _ value: ConfigValue, to output: inout [UInt8], indentation: Int = 0, level: Int = 0
  ) {
    switch value {
    case .null: output.append(contentsOf: "null".utf8)
    case .bool(let flag): output.append(contentsOf: (flag ? "true" : "false").utf8)
    case .int(let number): output.append(contentsOf: String(number).utf8)
    case .double(let number): output.append(contentsOf: javaScriptText(of: number).utf8)
    case .string(let text): append(string: text, to: &output)
    case .array(let elements):
      output.append(UInt8(ascii: "["))
      for (place, element) in elements.enumerated() {
        if place > 0 { output.append(UInt8(ascii: ",")) }
        breakLine(&output, indentation, level + 1)
        append(element, to: &output, indentation: indentation, level: level + 1)
      }
      if !elements.isEmpty { breakLine(&output, indentation, level) }
      output.append(UInt8(ascii: "]"))
    case .object(let members):
      output.append(UInt8(ascii: "{"))
      var first = true
      for (key, member) in members {
        if !first { output.append(UInt8(ascii: ",")) }
        first = false
        breakLine(&output, indentation, level + 1)
        append(string: key, to: &output)
        output.append(UInt8(ascii: ":"))
        if indentation > 0 { output.append(0x20) }
        append(member, to: &output, indentation: indentation, level: level + 1)
      }
      if !members.isEmpty { breakLine(&output, indentation, level) }
      output.append(UInt8(ascii: "}"))
    }
  }

  /// Appends a string in quotes, with the escapes that JSON asks for and no others.
  package static func append(string text: String, to output: inout [UInt8]) {
    output.append(UInt8(ascii: "\""))
    for byte in text.utf8 {
      switch byte {
      case UInt8(ascii: "\""), UInt8(ascii: "\\"):
        output.append(UInt8(ascii: "\\"))
        output.append(byte)
      case 0x20...: output.append(byte)
      case 0x08: output.append(contentsOf: #"\b"#.utf8)
      case 0x09: output.append(contentsOf: #"\t"#.utf8)
      case 0x0A: output.append(contentsOf: #"\n"#.utf8)
      case 0x0C: output.append(contentsOf: #"\f"#.utf8)
      case 0x0D: output.append(contentsOf: #"\r"#.utf8)
      default:
        output.append(contentsOf: #"\u00"#.utf8)
        output.append(hexDigits[Int(byte >> 4)])
        output.append(hexDigits[Int(byte & 15)])
      }
    }
    output.append(UInt8(ascii: "\""))
  }

  private static let hexDigits = Array("0123456789abcdef".utf8)

  private static func breakLine(_ output: inout [UInt8], _ indentation: Int, _ level: Int) {
    guard indentation > 0 else { return }
    output.append(0x0A)
    output.append(contentsOf: repeatElement(0x20, count: indentation * level))
  }
}

/// A double as JavaScript prints it in JSON: `1`, `0.1`, `1e+21`, `1.5e-7`; not-a-number and the
/// infinities are `null`, negative zero is `0`.
///
/// Swift finds the same shortest digits but places the exponent differently, so the digits are
/// taken from its text and laid out anew.
/// - Source: ECMA-262, Number::toString, radix 10.
package func javaScriptText(of number: Double) -> String {
  guard number.isFinite else { return "null" }
  if number == 0 { return "0" }
  var digits: [UInt8] = []
  // The value is 0.d₁d₂d₃… × 10^point.
  var point = 0
  var seenPoint = false
  var exponent = 0
  let text = Array(number.magnitude.description.utf8)
  for (place, byte) in text.enumerated() {
    if byte == UInt8(ascii: ".") {
      seenPoint = true
    } else if byte == UInt8(ascii: "e") {
      exponent = Int(String(decoding: text[(place + 1)...], as: UTF8.self)) ?? 0
      break
    } else {
      if digits.isEmpty, byte == UInt8(ascii: "0") {
        if seenPoint { point -= 1 }
        continue
      }
      digits.append(byte)
      if !seenPoint { point += 1 }
    }
  }
  point += exponent
  while digits.last == UInt8(ascii: "0") { digits.removeLast() }

  var output: [UInt8] = number < 0 ? [UInt8(ascii: "-")] : []
  let zero = UInt8(ascii: "0")
  if point > 21 || point < -5 {
    output.append(digits[0])
    if digits.count > 1 {
      output.append(UInt8(ascii: "."))
      output.append(contentsOf: digits[1...])
    }
    output.append(contentsOf: (point > 0 ? "e+" : "e").utf8)
    output.append(contentsOf: String(point - 1).utf8)
  } else if point <= 0 {
    output.append(contentsOf: "0.".utf8)
    output.append(contentsOf: repeatElement(zero, count: -point))
    output.append(contentsOf: digits)
  } else if digits.count <= point {
    output.append(contentsOf: digits)
    output.append(contentsOf: repeatElement(zero, count: point - digits.count))
  } else {
    output.append(contentsOf: digits[..<point])
    output.append(UInt8(ascii: "."))
    output.append(contentsOf: digits[point...])
  }
  return String(decoding: output, as: UTF8.self)
}
