/// A regular expression as a template holds it: the pattern and where a `g` search goes on.
final class TemplateRegex: BuiltinObject {
  let regex: Regex
  var lastIndex = 0

  init(_ regex: Regex) { self.regex = regex }

  static let methods: Set<String> = ["test", "exec", "toString"]

  override var text: String { "/\(regex.source)/\(regex.flags)" }

  override func member(_ name: TextView) throws -> TemplateValue {
    switch name.string {
    case "source": TemplateValue(regex.source)
    case "flags": TemplateValue(regex.flags)
    case "global": .bool(regex.isGlobal)
    case "sticky": .bool(regex.isSticky)
    case "ignoreCase": .bool(regex.flags.contains("i"))
    case "multiline": .bool(regex.flags.contains("m"))
    case "lastIndex": .number(Double(lastIndex))
    default: .undefined
    }
  }
}

extension Renderer {
  func regex(_ value: Value) throws(TemplateError) -> TemplateRegex {
    if case .object(let object) = value, let regex = object as? TemplateRegex { return regex }
    do {
      return TemplateRegex(try Regex(try string(value), ""))
    } catch let error as Regex.SyntaxError {
      throw TemplateError(error.message, kind: .syntax)
    } catch let error as TemplateError {
      throw error
    } catch {
      throw TemplateError("\(error)")
    }
  }

  func regex(_ pattern: TextView) throws(TemplateError) -> TemplateRegex {
    try regex(.view(pattern))
  }

  func regexMethod(
    _ regex: TemplateRegex, _ method: String, _ call: TemplateCall
  ) throws(TemplateError) -> Value? {
    switch method {
    case "toString": return try makeText(regex.text)
    case "test":
      return .bool(try next(regex, try string(call[0]).utf16.map { $0 }) != nil)
    case "exec":
      let text = try textValue(call[0])
      let units = text.textView?.units ?? []
      guard let match = try next(regex, units) else { return .null }
      return try groups(match, units)
    default: return nil
    }
  }

  private func next(
    _ regex: TemplateRegex, _ units: [UInt16]
  ) throws(TemplateError) -> Regex.Match? {
    let keepsPlace = regex.regex.isGlobal || regex.regex.isSticky
    let found = try regex.regex.match(units, keepsPlace ? regex.lastIndex : 0, &steps)
    if keepsPlace { regex.lastIndex = found?.end ?? 0 }
    return found
  }

  private func groups(
    _ match: Regex.Match, _ units: [UInt16]
  ) throws(TemplateError) -> Value {
    var items: [Value] = []
    for group in match.groups {
      if let group {
        items.append(try makeText(units: units[group.start..<group.end]))
      } else {
        items.append(.undefined)
      }
    }
    return .list(TemplateList(local: items))
  }

  /// `String.prototype.match`.
  func match(_ view: TextView, _ regex: TemplateRegex) throws(TemplateError) -> Value {
    let units = view.units
    if !regex.regex.isGlobal {
      guard let found = try next(regex, units) else { return .null }
      return try groups(found, units)
    }
    var items: [Value] = []
    var at = 0
    while at <= units.count, let found = try regex.regex.match(units, at, &steps) {
      try charge(16)
      items.append(try makeText(units: units[found.start..<found.end]))
      at = found.end == found.start ? found.end + 1 : found.end
    }
    return items.isEmpty ? .null : .list(TemplateList(local: items))
  }
}
