/// A JSON value that remembers where it stands, so that a mistake can be shown there.
struct JSONNode {
  indirect enum Value {
    case null
    case bool(Bool)
    /// As written; manifests only pass numbers on.
    case number(String)
    case string(String)
    case array([JSONNode])
    /// In the order of the file.
    case object([Member])
  }

  struct Member {
    var key: String
    var keyOffset: Int
    var value: JSONNode
  }

  var value: Value
  /// Byte offset in the file.
  var offset: Int

  subscript(key: String) -> JSONNode? {
    guard case .object(let members) = value else { return nil }
    return members.first { $0.key == key }?.value
  }

  var string: String? {
    if case .string(let text) = value { text } else { nil }
  }

  var members: [Member]? {
    if case .object(let members) = value { members } else { nil }
  }

  /// The texts of an array of strings; nil when it is anything else.
  var strings: [String]? {
    guard case .array(let items) = value else { return nil }
    var texts: [String] = []
    for item in items {
      guard let text = item.string else { return nil }
      texts.append(text)
    }
    return texts
  }

  /// Compact JSON without positions.
  func write(into text: inout String) {
    switch value {
    case .null: text += "null"
    case .bool(let flag): text += flag ? "true" : "false"
    case .number(let digits): text += digits
    case .string(let string): text += jsonString(string)
    case .array(let items):
      text += "["
      for (index, item) in items.enumerated() {
        if index > 0 { text += "," }
        item.write(into: &text)
      }
      text += "]"
    case .object(let members):
      text += "{"
      for (index, member) in members.enumerated() {
        if index > 0 { text += "," }
        text += jsonString(member.key) + ":"
        member.value.write(into: &text)
      }
      text += "}"
    }
  }
}

/// `text` as a JSON string literal; the source is RFC 8259 section 7.
func jsonString(_ text: String) -> String {
  var result = "\""
  for scalar in text.unicodeScalars {
    switch scalar {
    case "\"": result += "\\\""
    case "\\": result += "\\\\"
    case "\n": result += "\\n"
    case "\r": result += "\\r"
    case "\t": result += "\\t"
    case _ where scalar.value < 0x20:
      let digits = String(scalar.value, radix: 16)
      result += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
    default: result.unicodeScalars.append(scalar)
    }
  }
  return result + "\""
}
