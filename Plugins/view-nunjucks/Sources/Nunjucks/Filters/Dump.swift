extension Renderer {
  /// `JSON.stringify`.
  func dump(_ call: TemplateCall) throws(TemplateError) -> Value {
    var indent = ""
    switch call[1] {
    case .number, .integer:
      indent = String(
        repeating: " ", count: min(10, max(0, clampedInteger(try number(call[1])))))
    case .view, .text:
      indent = String(decoding: try string(call[1]).utf16.prefix(10), as: UTF16.self)
    default: break
    }
    let start = out.count
    guard try json(call[0], indent, "\n", 0) else {
      out.count = start
      return .undefined
    }
    return try capture(from: start, safe: false)
  }

  private func put(_ string: String) {
    var string = string
    string.withUTF8 { if let start = $0.baseAddress { out.append(start, $0.count) } }
  }

  /// - Returns: false for what JSON has no form of.
  private func json(
    _ value: Value, _ indent: String, _ line: String, _ depth: Int
  ) throws(TemplateError) -> Bool {
    if depth > 200 { throw .type("Converting circular structure to JSON") }
    try checkStack()
    steps &-= 1
    if steps < 0 || out.isOver { throw out.isOver ? outputError() : stepError() }
    switch value {
    case .undefined: return false
    case .null: out.append("null")
    case .bool(let bool): out.append(bool ? "true" : "false")
    case .number(let number):
      if number.isFinite { out.append(number: number) } else { out.append("null") }
    case .integer(let integer): put(String(integer))
    case .view, .text:
      if let view = value.plainView {
        quote(view)
      } else {
        try members(try entries(value), indent, line, depth)
      }
    case .list, .treeList:
      let count = listCount(value)
      if count == 0 {
        out.append("[]")
        return true
      }
      let inner = line + indent
      out.append(UInt8(ascii: "["))
      for index in 0..<count {
        if index > 0 { out.append(UInt8(ascii: ",")) }
        if !indent.isEmpty { put(inner) }
        if try !json(listItem(value, index), indent, inner, depth + 1) { out.append("null") }
      }
      if !indent.isEmpty { put(line) }
      out.append(UInt8(ascii: "]"))
    case .map, .treeMap:
      if case .object(let function)? = ownMember(value, TextView("toJSON")), function.isCallable {
        return try json(try apply(function), indent, line, depth + 1)
      }
      try members(try entries(value), indent, line, depth)
    case .object(let object):
      if object.isCallable { return false }
      if let time = object as? TemplateTime {
        put("\"\(CalendarParts(time.milliseconds).iso)\"")
      } else {
        try members(try entries(value), indent, line, depth)
      }
    }
    return true
  }

  private func members(
    _ entries: [(key: Value, value: Value)], _ indent: String, _ line: String, _ depth: Int
  ) throws(TemplateError) {
    let inner = line + indent
    out.append(UInt8(ascii: "{"))
    var isFirst = true
    for entry in entries {
      let start = out.count
      if !isFirst { out.append(UInt8(ascii: ",")) }
      if !indent.isEmpty { put(inner) }
      if let key = entry.key.textView { quote(key) }
      out.append(UInt8(ascii: ":"))
      if !indent.isEmpty { out.append(UInt8(ascii: " ")) }
      if try json(entry.value, indent, inner, depth + 1) {
        isFirst = false
      } else {
        out.count = start
      }
    }
    if !isFirst, !indent.isEmpty { put(line) }
    out.append(UInt8(ascii: "}"))
  }

  private func quote(_ view: TextView) {
    out.append(UInt8(ascii: "\""))
    let hex: StaticString = "0123456789abcdef"
    var index = 0
    while index < view.count {
      let byte = view.base[index]
      index += 1
      switch byte {
      case UInt8(ascii: "\""): out.append("\\\"")
      case UInt8(ascii: "\\"): out.append("\\\\")
      case 0x08: out.append("\\b")
      case 0x09: out.append("\\t")
      case 0x0A: out.append("\\n")
      case 0x0C: out.append("\\f")
      case 0x0D: out.append("\\r")
      case 0..<0x20:
        out.append("\\u00")
        out.append(hex.utf8Start[Int(byte >> 4)])
        out.append(hex.utf8Start[Int(byte & 15)])
      case 0xED where index + 1 < view.count && view.base[index] >= 0xA0:
        let unit = 0xD000 | Int(view.base[index] & 0x3F) << 6 | Int(view.base[index + 1] & 0x3F)
        out.append("\\u")
        for shift in [12, 8, 4, 0] { out.append(hex.utf8Start[unit >> shift & 15]) }
        index += 2
      default: out.append(byte)
      }
    }
    out.append(UInt8(ascii: "\""))
  }
}
