extension Renderer {
  func stringMethod(
    _ target: Value, _ method: String, _ call: TemplateCall
  ) throws(TemplateError) -> Value? {
    guard let safeView = target.textView else { return nil }
    let view = safeView.plain
    switch method {
    case "toString", "valueOf": return try plainText(target)
    case "trim": return try makeText(view.trimmed())
    case "trimStart", "trimLeft": return try makeText(view.trimmed(right: false))
    case "trimEnd", "trimRight": return try makeText(view.trimmed(left: false))
    case "toUpperCase", "toLocaleUpperCase": return try cased(view, upper: true)
    case "toLowerCase", "toLocaleLowerCase": return try cased(view, upper: false)
    case "concat":
      var result = try plainText(target)
      for index in 0..<call.count { result = try concatenate(result, call[index]) }
      return result
    case "repeat": return try repeated(view, try number(call[0]))
    case "includes", "startsWith", "endsWith": return try search(view, method, call)
    case "split": return try split(view, call[0], limit: call[1])
    case "replace", "replaceAll": return try replace(view, call, all: method == "replaceAll")
    case "match":
      return try match(view, call[0].isUndefined ? try regex(TextView("")) : try regex(call[0]))
    case "search":
      let units = view.units
      guard let found = try regex(call[0]).regex.match(units, 0, &steps) else { return .number(-1) }
      return .number(Double(found.start))
    case "normalize": return try plainText(target)
    case "localeCompare":
      let other = try textValue(call[0])
      guard let right = other.textView else { return .number(0) }
      return .number(Double(localeOrder(view.string, right.string)))
    case "padStart", "padEnd": return try padded(view, call, atStart: method == "padStart")
    default: return try unitMethod(view, method, call)
    }
  }

  func makeText(_ view: TextView) throws(TemplateError) -> Value {
    try makeText(view.base, view.count, safe: view.isSafe)
  }

  /// The methods that work by position, in code units.
  private func unitMethod(
    _ view: TextView, _ method: String, _ call: TemplateCall
  ) throws(TemplateError) -> Value? {
    let units = view.units
    let count = units.count
    func piece(_ from: Int, _ to: Int) throws(TemplateError) -> Value {
      try makeText(units: units[from..<max(from, to)])
    }
    switch method {
    case "charAt":
      let index = clampedInteger(try number(call[0]))
      return call[0].isUndefined && count > 0
        ? try piece(0, 1)
        : index >= 0 && index < count ? try piece(index, index + 1) : try piece(0, 0)
    case "charCodeAt":
      let index = clampedInteger(try number(call[0]))
      return .number(index >= 0 && index < count ? Double(units[index]) : .nan)
    case "codePointAt":
      let index = clampedInteger(try number(call[0]))
      if index < 0 || index >= count { return .undefined }
      let first = UInt32(units[index])
      if first >= 0xD800, first < 0xDC00, index + 1 < count {
        let second = UInt32(units[index + 1])
        if second >= 0xDC00, second < 0xE000 {
          return .number(Double(0x10000 + ((first - 0xD800) << 10) + (second - 0xDC00)))
        }
      }
      return .number(Double(first))
    case "at":
      let index = clampedInteger(try number(call[0]))
      let real = index < 0 ? count + index : index
      return real >= 0 && real < count ? try piece(real, real + 1) : .undefined
    case "slice":
      let from = try relative(call[0], count, default: 0)
      return try piece(from, try relative(call[1], count, default: count))
    case "substring":
      let first = min(max(clampedInteger(try number(call[0])), 0), count)
      let second =
        call[1].isUndefined ? count : min(max(clampedInteger(try number(call[1])), 0), count)
      return try piece(min(first, second), max(first, second))
    case "substr":
      let from = try relative(call[0], count, default: 0)
      let length = call[1].isUndefined ? count : clampedInteger(try number(call[1]))
      return try piece(from, min(count, from + max(0, min(length, count))))
    case "indexOf", "lastIndexOf":
      let key = try textValue(call[0])
      let needle = key.textView?.units ?? []
      let last = count - needle.count
      if method == "indexOf" {
        var index = min(max(clampedInteger(try number(call[1])), 0), count)
        while index <= last {
          if units[index...].starts(with: needle) { return .number(Double(index)) }
          index += 1
        }
        return .number(-1)
      }
      let start = try number(call[1])
      var index = start.isNaN ? last : min(max(clampedInteger(start), 0), last)
      while index >= 0 {
        if units[index...].starts(with: needle) { return .number(Double(index)) }
        index -= 1
      }
      return .number(-1)
    default: return nil
    }
  }

  private func search(
    _ view: TextView, _ method: String, _ call: TemplateCall
  ) throws(TemplateError) -> Value {
    if case .object(let object) = call[0], object is TemplateRegex {
      throw .type("First argument must not be a regular expression")
    }
    let key = try textValue(call[0])
    let needle = key.textView?.units ?? []
    let units = view.units
    let given = clampedInteger(try number(call[1]))
    switch method {
    case "startsWith":
      return .bool(units[min(max(given, 0), units.count)...].starts(with: needle))
    case "endsWith":
      let end = call[1].isUndefined ? units.count : min(max(given, 0), units.count)
      return .bool(
        end >= needle.count && units[(end - needle.count)..<end].elementsEqual(needle))
    default:
      var index = min(max(given, 0), units.count)
      while index + needle.count <= units.count {
        if units[index...].starts(with: needle) { return .bool(true) }
        index += 1
      }
      return .bool(false)
    }
  }

  func repeated(_ view: TextView, _ times: Double) throws(TemplateError) -> Value {
    if times < 0 || times == .infinity {
      throw .range("Invalid count value: \(formatNumber(times))")
    }
    let count = clampedInteger(times)
    if view.count == 0 || count == 0 { return .view(TextView("")) }
    if count > limits.outputBytes { throw outputError() }
    try charge(view.count &* count)
    let start = out.count
    for _ in 0..<count { out.append(view) }
    return try capture(from: start, safe: false)
  }

  private func padded(
    _ view: TextView, _ call: TemplateCall, atStart: Bool
  ) throws(TemplateError) -> Value {
    let width = clampedInteger(try number(call[0]))
    let filler = call[1].isUndefined ? .view(TextView(" ")) : try textValue(call[1])
    let fill = filler.textView?.units ?? []
    let units = view.units
    if width <= units.count || fill.isEmpty { return try makeText(view) }
    try charge(width &* 2)
    let pad = (0..<(width - units.count)).map { fill[$0 % fill.count] }
    return try makeText(units: atStart ? pad + units : units + pad)
  }

  func split(
    _ view: TextView, _ separator: Value, limit: Value
  ) throws(TemplateError) -> Value {
    let most = limit.isUndefined ? Int.max : clampedInteger(try number(limit)) & 0xFFFF_FFFF
    if separator.isUndefined {
      return .list(TemplateList(local: most == 0 ? [] : [try makeText(view)]))
    }
    try charge(view.count &* 16)
    var pieces: [Value] = []
    if case .object(let object) = separator, let regex = object as? TemplateRegex {
      let units = view.units
      if units.isEmpty {
        let matches = try regex.regex.match(units, 0, &steps) != nil
        return .list(TemplateList(local: matches || most == 0 ? [] : [.view(TextView(""))]))
      }
      var last = 0
      var at = 0
      while at < units.count, pieces.count < most {
        guard let found = try regex.regex.match(units, at, &steps), found.start < units.count else {
          break
        }
        if found.end == found.start, found.start == last || found.end == last {
          at = max(at, found.start) + 1
          if found.start == last { continue }
        }
        pieces.append(try makeText(units: units[last..<found.start]))
        for group in found.groups.dropFirst() {
          if let group {
            pieces.append(try makeText(units: units[group.start..<group.end]))
          } else {
            pieces.append(.undefined)
          }
        }
        last = found.end
        at = found.end == found.start ? found.end + 1 : found.end
      }
      if pieces.count < most { pieces.append(try makeText(units: units[last...])) }
      return .list(TemplateList(local: Array(pieces.prefix(most))))
    }
    let key = try textValue(separator)
    defer { withExtendedLifetime(key) {} }
    guard let needle = key.textView else { return .undefined }
    if needle.count == 0 {
      pieces = try characters(view, byPoint: false)
    } else {
      var at = 0
      while true {
        let hit = find(needle, in: view, from: at)
        if hit < 0 { break }
        pieces.append(try makeText(view.slice(at, hit)))
        at = hit + needle.count
      }
      pieces.append(try makeText(view.slice(at, view.count)))
    }
    return .list(TemplateList(local: Array(pieces.prefix(most))))
  }

  /// `String.prototype.replace` and `replaceAll`.
  func replace(
    _ view: TextView, _ call: TemplateCall, all: Bool
  ) throws(TemplateError) -> Value {
    if case .object(let object) = call[0], let regex = object as? TemplateRegex {
      return try replace(view, regex, call[1])
    }
    let key = try textValue(call[0])
    let needle = key.textView?.units ?? []
    let units = view.units
    var result: [UInt16] = []
    var at = 0
    var last = 0
    while at + needle.count <= units.count {
      if units[at...].starts(with: needle) {
        result += units[last..<at]
        let found = Regex.Match(groups: [.init(start: at, end: at + needle.count)])
        result += try replacement(call[1], found, units)
        try charge(result.count)
        last = at + needle.count
        at = needle.isEmpty ? at + 1 : last
        if !all { break }
      } else {
        at += 1
      }
    }
    if last <= units.count { result += units[last...] }
    return try makeText(units: result)
  }

  func replace(
    _ view: TextView, _ regex: TemplateRegex, _ with: Value
  ) throws(TemplateError) -> Value {
    let units = view.units
    var result: [UInt16] = []
    var at = regex.regex.isSticky && !regex.regex.isGlobal ? regex.lastIndex : 0
    var last = 0
    while at <= units.count, let found = try regex.regex.match(units, at, &steps) {
      result += units[last..<found.start]
      result += try replacement(with, found, units)
      try charge(result.count)
      last = found.end
      at = found.end == found.start ? found.end + 1 : found.end
      if !regex.regex.isGlobal { break }
    }
    result += units[last...]
    return try makeText(units: result)
  }

  /// What a match is replaced by: `$` patterns in a text, or the result of a function.
  private func replacement(
    _ value: Value, _ match: Regex.Match, _ units: [UInt16]
  ) throws(TemplateError) -> [UInt16] {
    if case .object(let function) = value, function.isCallable {
      let text = try textValue(
        try apply(function, try makeText(units: units[match.start..<match.end])))
      return text.textView?.units ?? []
    }
    let text = try textValue(value)
    let pattern = text.textView?.units ?? []
    let dollar = UInt16(UInt8(ascii: "$"))
    guard pattern.contains(dollar) else { return pattern }
    var result: [UInt16] = []
    var index = 0
    while index < pattern.count {
      guard pattern[index] == dollar, index + 1 < pattern.count else {
        result.append(pattern[index])
        index += 1
        continue
      }
      switch UInt8(truncatingIfNeeded: pattern[index + 1]) {
      case UInt8(ascii: "$"):
        result.append(dollar)
        index += 2
      case UInt8(ascii: "&"):
        result += units[match.start..<match.end]
        index += 2
      case UInt8(ascii: "`"):
        result += units[..<match.start]
        index += 2
      case UInt8(ascii: "'"):
        result += units[match.end...]
        index += 2
      case 0x30...0x39:
        var number = Int(pattern[index + 1]) - 0x30
        var length = 2
        if index + 2 < pattern.count, pattern[index + 2] >= 0x30, pattern[index + 2] <= 0x39 {
          let longer = number * 10 + Int(pattern[index + 2]) - 0x30
          if longer >= 1, longer < match.groups.count {
            number = longer
            length = 3
          }
        }
        if number >= 1, number < match.groups.count {
          if let group = match.groups[number] { result += units[group.start..<group.end] }
          index += length
        } else {
          result.append(dollar)
          index += 1
        }
      default:
        result.append(dollar)
        index += 1
      }
    }
    return result
  }

  // MARK: Case

  /// Full Unicode case mapping, with the final sigma.
  func cased(_ view: TextView, upper: Bool) throws(TemplateError) -> Value {
    if view.isASCII {
      return try makeASCII(view.count, safe: false) { target in
        for index in 0..<view.count {
          target[index] = upper ? upperASCII(view.base[index]) : lowerASCII(view.base[index])
        }
      }
    }
    func cased(_ units: ArraySlice<UInt16>) -> String {
      let string = String(decoding: units, as: UTF16.self)
      return upper ? uppercased(string) : lowercased(string)
    }
    let units = view.units
    guard view.bytes.contains(0xED) else { return try makeText(cased(units[...])) }
    // Halves without a partner stay what they are, to be joined later.
    var result: [UInt16] = []
    var start = 0
    for (place, unit) in units.enumerated() where (0xD800..<0xE000).contains(unit) {
      let isPair =
        UTF16.isLeadSurrogate(unit)
        ? place + 1 < units.count && UTF16.isTrailSurrogate(units[place + 1])
        : place > 0 && UTF16.isLeadSurrogate(units[place - 1])
      if isPair { continue }
      result += cased(units[start..<place]).utf16
      result.append(unit)
      start = place + 1
    }
    result += cased(units[start...]).utf16
    return try makeText(units: result)
  }

  func uppercased(_ string: String) -> String {
    var result = ""
    for scalar in string.unicodeScalars { result += scalar.properties.uppercaseMapping }
    return result
  }

  func lowercased(_ string: String) -> String {
    let scalars = Array(string.unicodeScalars)
    var result = ""
    for (index, scalar) in scalars.enumerated() {
      if scalar.value == 0x3A3 {
        var before = index - 1
        while before >= 0, scalars[before].properties.isCaseIgnorable { before -= 1 }
        var after = index + 1
        while after < scalars.count, scalars[after].properties.isCaseIgnorable { after += 1 }
        let isFinal =
          before >= 0 && scalars[before].properties.isCased
          && !(after < scalars.count && scalars[after].properties.isCased)
        result += isFinal ? "\u{3C2}" : "\u{3C3}"
      } else {
        result += scalar.properties.lowercaseMapping
      }
    }
    return result
  }

  /// An approximation of the default collation: letters first, then accents, then lower case.
  private func localeOrder(_ left: String, _ right: String) -> Int {
    if left == right { return 0 }
    let a = lowercased(left)
    let b = lowercased(right)
    if a != b { return a < b ? -1 : 1 }
    return left > right ? -1 : 1
  }
}

@inline(__always)
func upperASCII(_ byte: UInt8) -> UInt8 { byte &- 0x61 < 26 ? byte &- 32 : byte }

@inline(__always)
func lowerASCII(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte &+ 32 : byte }
