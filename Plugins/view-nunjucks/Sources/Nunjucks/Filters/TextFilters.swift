extension Renderer {
  func capitalize(_ call: TemplateCall) throws(TemplateError) -> Value {
    let view = try normalized(call[0])
    if view.isASCII {
      return try makeASCII(view.count, safe: view.isSafe) { target in
        for index in 0..<view.count {
          let byte = view.base[index]
          target[index] = index == 0 ? upperASCII(byte) : lowerASCII(byte)
        }
      }
    }
    return try makeText(units: capitalized(view.units), safe: view.isSafe)
  }

  func center(_ call: TemplateCall) throws(TemplateError) -> Value {
    let width = try number(call[1], or: 80)
    let count: Double
    let text: Value
    switch call[0] {
    case .view, .text:
      text = call[0]
      count = Double(call[0].textView?.utf16Count ?? 0)
    case .undefined, .null, .bool(false):
      text = .view(TextView(""))
      count = 0
    case .number, .integer, .bool: return try textValue(call[0])
    case .list, .treeList:
      text = try textValue(call[0])
      count = Double(listCount(call[0]))
    case .object(let object) where object.isCallable:
      text = try textValue(call[0])
      count = 0
    default:
      let length = try member(call[0], TextView("length"))
      text = try textValue(call[0])
      count = length.isUndefined ? .nan : try number(length)
      if count.isNaN { return text }
    }
    if count >= width || width.isNaN { return text }
    let spaces = width - count
    if spaces > Double(limits.outputBytes) { throw outputError() }
    let left = clampedInteger((spaces / 2).rounded(.down))
    let right = clampedInteger((spaces / 2).rounded(.up))
    try charge(left + right)
    let start = out.count
    for _ in 0..<left { out.append(0x20) }
    try append(text)
    for _ in 0..<right { out.append(0x20) }
    return try capture(from: start, safe: text.isSafe)
  }

  func indent(_ call: TemplateCall) throws(TemplateError) -> Value {
    let view = try normalized(call[0])
    if view.count == 0, !view.isSafe { return .view(TextView("")) }
    let width = clampedInteger(try number(call[1], or: 4))
    if width > limits.outputBytes { throw outputError() }
    let first = call[2].isTruthy
    let start = out.count
    var at = 0
    var line = 0
    while at <= view.count {
      var end = at
      while end < view.count, view.base[end] != 0x0A { end += 1 }
      if line > 0 || first {
        try charge(max(width, 0))
        for _ in 0..<max(width, 0) { out.append(0x20) }
      }
      out.append(view.base + at, end - at)
      if end < view.count { out.append(0x0A) }
      at = end + 1
      line += 1
    }
    return try capture(from: start, safe: view.isSafe)
  }

  func nl2br(_ value: Value) throws(TemplateError) -> Value {
    if value.isNothing { return .view(TextView("")) }
    guard let view = value.textView else { throw notText(value) }
    let start = out.count
    try charge(view.count)
    for index in 0..<view.count {
      let byte = view.base[index]
      if byte == 0x0A {
        out.append("<br />\n")
      } else if byte == 0x0D, index + 1 < view.count, view.base[index + 1] == 0x0A {
        continue
      } else {
        out.append(byte)
      }
    }
    return try capture(from: start, safe: view.isSafe)
  }

  func replaceFilter(_ call: TemplateCall) throws(TemplateError) -> Value {
    if case .object(let object) = call[1], let regex = object as? TemplateRegex {
      guard let view = call[0].textView else { throw notText(call[0]) }
      return try replace(view.plain, regex, call[2])
    }
    let old: Value
    switch call[1] {
    case .number, .integer: old = try textValue(call[1])
    case .view, .text: old = call[1]
    default: return call[0]
    }
    guard let needle = old.plainView else { return call[0] }
    let input: Value
    switch call[0] {
    case .number, .integer: input = try textValue(call[0])
    case .view, .text: input = call[0]
    default: return call[0]
    }
    guard let view = input.textView else { return call[0] }
    let replacement = try textValue(call[2])
    defer { withExtendedLifetime((old, input, replacement)) {} }
    guard let with = replacement.textView else { return call[0] }
    if needle.count == 0 {
      let start = out.count
      out.append(with)
      for piece in try characters(view.plain, byPoint: false) {
        try append(piece)
        out.append(with)
        try charge(with.count)
      }
      if view.count == 0 { out.append(with) }
      return try capture(from: start, safe: view.isSafe)
    }
    var most = Int.max
    if !call[3].isUndefined {
      let number = try number(call[3])
      most =
        number == -1
        ? Int.max : number.isNaN || number < 0 ? 0 : clampedInteger(number.rounded(.up))
      if case .null = call[3] { most = 0 }
    }
    let first = find(needle, in: view, from: 0)
    if first < 0 || most == 0 { return input }
    let start = out.count
    var at = 0
    var hit = first
    var count = 0
    while hit >= 0, count < most {
      out.append(view.base + at, hit - at)
      out.append(with)
      at = hit + needle.count
      count += 1
      if out.isOver { throw outputError() }
      hit = find(needle, in: view, from: at)
    }
    out.append(view.base + at, view.count - at)
    return try capture(from: start, safe: view.isSafe)
  }

  func title(_ value: Value) throws(TemplateError) -> Value {
    let view = try normalized(value)
    if view.isASCII {
      return try makeASCII(view.count, safe: view.isSafe) { target in
        var first = true
        for index in 0..<view.count {
          let byte = view.base[index]
          target[index] = first ? upperASCII(byte) : lowerASCII(byte)
          first = byte == 0x20
        }
      }
    }
    var result: [UInt16] = []
    for (index, word) in view.units.split(separator: 0x20, omittingEmptySubsequences: false)
      .enumerated()
    {
      if index > 0 { result.append(0x20) }
      result += capitalized(Array(word))
    }
    return try makeText(units: result, safe: view.isSafe)
  }

  /// The first code unit in upper case, the rest in lower case; half a pair stays as it is.
  private func capitalized(_ units: [UInt16]) -> [UInt16] {
    let lower = Array(lowercased(String(decoding: units, as: UTF16.self)).utf16)
    let isHalf = lower.first.map { $0 >= 0xD800 && $0 < 0xE000 } ?? false
    let head =
      isHalf
      ? Array(lower.prefix(1))
      : Array(uppercased(String(decoding: lower.prefix(1), as: UTF16.self)).utf16)
    return head + lower.dropFirst()
  }

  func truncate(_ call: TemplateCall) throws(TemplateError) -> Value {
    let input: Value
    switch call[0] {
    case .undefined, .null, .bool(false): input = .view(TextView(""))
    case .number, .bool, .integer:
      // A number has no length and so is never short enough.
      throw notText(call[0])
    default: input = call[0]
    }
    let length = try number(call[1], or: 255)
    guard let view = input.textView else {
      if case .object(let object) = input, object.isCallable { return input }  // of length 0
      let count = try number(try member(input, TextView("length")))
      if count <= length { return input }
      throw notText(input)
    }
    if view.count <= clampedInteger(length) || Double(view.utf16Count) <= length { return input }
    let cut = max(0, clampedInteger(length))
    let start = out.count
    if view.isASCII {
      var end = min(cut, view.count)
      if !call[2].isTruthy {
        var at = min(cut, view.count - 1)
        while at >= 0, view.base[at] != 0x20 { at -= 1 }
        if at >= 0 { end = at }
      }
      out.append(view.base, end)
    } else {
      let units = view.units
      var end = min(cut, units.count)
      if !call[2].isTruthy {
        var at = min(cut, units.count - 1)
        while at >= 0, units[at] != 0x20 { at -= 1 }
        if at >= 0 { end = at }
      }
      appendUnits(units[..<end])
    }
    if call[3].isNothing { out.append("...") } else { try append(call[3]) }
    return try capture(from: start, safe: view.isSafe)
  }

  func wordcount(_ value: Value) throws(TemplateError) -> Value {
    if !value.isTruthy { return .null }
    let view = try normalized(value)
    var count = 0
    var inside = false
    for byte in view.bytes {
      let isWord =
        (byte | 0x20) &- 0x61 < 26 || byte &- 0x30 < 10 || byte == UInt8(ascii: "_")
      if isWord, !inside { count += 1 }
      inside = isWord
    }
    return count == 0 ? .null : .number(Double(count))
  }

  func striptags(_ call: TemplateCall) throws(TemplateError) -> Value {
    let view = try normalized(call[0])
    let start = out.count
    var at = 0
    var kept = 0
    let end = view.count
    while at < end {
      if view.base[at] == UInt8(ascii: "<"), let next = tagEnd(view, at) {
        out.append(view.base + kept, at - kept)
        at = next
        kept = next
      } else {
        at += 1
      }
    }
    out.append(view.base + kept, end - kept)
    let stripped = try capture(from: start, safe: false)
    defer { withExtendedLifetime(stripped) {} }
    let text = (stripped.textView ?? TextView("")).trimmed()
    if call[1].isTruthy { return like(view, try keepingBreaks(text)) }
    let again = out.count
    at = 0
    while at < text.count {
      let width = whitespaceWidth(text.base + at, text.count - at)
      if width == 0 {
        let from = at
        repeat {
          at += 1
        } while at < text.count
          && whitespaceWidth(text.base + at, text.count - at) == 0
        out.append(text.base + from, at - from)
        continue
      }
      out.append(0x20)
      while at < text.count {
        let width = whitespaceWidth(text.base + at, text.count - at)
        if width == 0 { break }
        at += width
      }
    }
    return try capture(from: again, safe: view.isSafe)
  }

  /// Where the tag or comment that starts at `at` ends; nil if it is not one.
  private func tagEnd(_ view: TextView, _ at: Int) -> Int? {
    var next = at + 1
    if next < view.count, view.base[next] == UInt8(ascii: "/") { next += 1 }
    if next < view.count, (view.base[next] | 0x20) &- 0x61 < 26 {
      while next < view.count, view.base[next] != UInt8(ascii: ">") { next += 1 }
      return next < view.count ? next + 1 : nil
    }
    let open = TextView("<!--")
    if at + 4 <= view.count, view.slice(at, at + 4).equals(open) {
      let hit = find(TextView("-->"), in: view, from: at + 4)
      return hit < 0 ? nil : hit + 3
    }
    return nil
  }

  /// Spaces at both sides of breaks go, runs of spaces shrink to one, breaks to at most two.
  private func keepingBreaks(_ text: TextView) throws(TemplateError) -> Value {
    var units = text.units
    func pass(_ pattern: String, _ flags: String, _ with: String) throws(TemplateError) {
      guard let regex = try? Regex(pattern, flags) else { return }
      var result: [UInt16] = []
      var last = 0
      var at = 0
      while at <= units.count, let found = try regex.match(units, at, &steps) {
        result += units[last..<found.start]
        result += with.utf16
        last = found.end
        at = found.end == found.start ? found.end + 1 : found.end
      }
      units = result + units[last...]
    }
    try pass("^ +| +$", "gm", "")
    try pass(" +", "g", " ")
    try pass("(\\r\\n)", "g", "\n")
    try pass("\\n\\n\\n+", "g", "\n\n")
    return try makeText(units: units)
  }

  func urlencode(_ value: Value) throws(TemplateError) -> Value {
    let start = out.count
    switch value {
    case .view, .text:
      if let view = value.plainView {
        try appendPercent(view)
        return try capture(from: start, safe: false)
      }
    case .list, .treeList:
      for (index, pair) in try elements(value).enumerated() {
        if index > 0 { out.append(UInt8(ascii: "&")) }
        try notNothing(pair)
        try appendPercent(try self.index(pair, .number(0)))
        out.append(UInt8(ascii: "="))
        try appendPercent(try self.index(pair, .number(1)))
      }
      return try capture(from: start, safe: false)
    default: break
    }
    for (index, entry) in try entries(value).enumerated() {
      if index > 0 { out.append(UInt8(ascii: "&")) }
      try appendPercent(entry.key)
      out.append(UInt8(ascii: "="))
      try appendPercent(entry.value)
    }
    return try capture(from: start, safe: false)
  }

  private func holdsLoneSurrogate(_ view: TextView) -> Bool {
    guard view.bytes.contains(0xED) else { return false }  // where halves begin
    var lead = false
    for unit in view.units {
      if lead != (0xDC00..<0xE000).contains(unit) { return true }
      lead = (0xD800..<0xDC00).contains(unit)
    }
    return lead
  }

  private func appendPercent(_ value: Value) throws(TemplateError) {
    let text = try textValue(value)
    defer { withExtendedLifetime(text) {} }
    if let view = text.textView { try appendPercent(view) }
  }

  private func appendPercent(_ view: TextView) throws(TemplateError) {
    if !view.isASCII, holdsLoneSurrogate(view) {
      throw TemplateError("urlencode cannot encode half of a surrogate pair", kind: .uri)
    }
    let hex: StaticString = "0123456789ABCDEF"
    out.reserve(min(view.count, limits.outputBytes) * 3)
    for byte in view.bytes {
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"),
        UInt8(ascii: "."), UInt8(ascii: "!"), UInt8(ascii: "~"), UInt8(ascii: "*"),
        UInt8(ascii: "'"), UInt8(ascii: "("), UInt8(ascii: ")"):
        out.append(byte)
      default:
        out.append(UInt8(ascii: "%"))
        out.append(hex.utf8Start[Int(byte >> 4)])
        out.append(hex.utf8Start[Int(byte & 15)])
      }
    }
  }
}
