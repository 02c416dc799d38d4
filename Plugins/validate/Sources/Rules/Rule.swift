import Egg

/// A rule as it is written, the short forms written out.
struct Rule {
  let type: String
  let isRequired: Bool
  let written: Value

  /// | written | means |
  /// |---|---|
  /// | `"int"`, `"int?"` | a type; optional |
  /// | `["a", "b"]` | one of these |
  /// | `"/^a+$/i"` | text that matches |
  /// | an object | itself |
  ///
  /// - Throws: `EggError` for anything else.
  init(_ rule: Value, _ name: String) throws {
    switch rule {
    case .text(let text) where text.hasPrefix("/"):
      self.init(type: "string", ["format": text])
    case .text(let text): self.init(type: text, [:])
    case .list: self.init(type: "enum", ["values": rule])
    case .map: self.init(type: rule["type"].string ?? "", rule)
    default:
      throw EggError(
        code: "EGG_VALIDATE",
        "the rule of \"\(name)\": expected a type, a list or an object, found \(rule.kindName)")
    }
  }

  init(type: String, _ written: Value) {
    let isOptional = type.hasSuffix("?")
    self.type = isOptional ? String(type.dropLast()) : type
    self.written = written
    isRequired = !isOptional && written.required.bool != false
  }

  subscript(name: String) -> Value { written[name] }

  var allowsEmpty: Bool { written.allowEmpty.exists ? written.allowEmpty.isTruthy : !isRequired }

  // MARK: conversion

  /// The value as another type; nil when it stays what it is.
  func converted(_ value: Value, byDefault: Bool) throws -> Value? {
    if value.object != nil || value.array != nil { return nil }
    guard let target = written.convertType.string ?? (byDefault ? type : nil) else { return nil }
    switch target {
    case "int", "integer": return integer(value)
    case "number": return number(value)
    case "string": return .text(value.description)
    case "bool", "boolean": return .boolean(value.isTruthy)
    case _ where written.convertType.exists:
      throw EggError(
        code: "EGG_VALIDATE",
        "convertType: expected int, number, string or bool, found \"\(target)\"")
    default: return nil
    }
  }

  /// As JavaScript's `parseInt`: the digits in front count. What has none becomes NaN.
  private func integer(_ value: Value) -> Value {
    if let whole = value.double, whole.isFinite {
      return Value(Int(exactly: whole.rounded(.towardZero)) ?? 0)
    }
    let text = value.description.trimmingBlanks
    var rest = text[...]
    let sign = rest.first == "-" || rest.first == "+" ? String(rest.removeFirst()) : ""
    let digits = rest.prefix { $0.isASCII && $0.isNumber }
    return Int(sign + digits).map { .integer($0) } ?? .number(.nan)
  }

  /// As JavaScript's `Number`: the whole text counts, and no text is 0.
  private func number(_ value: Value) -> Value {
    if let number = value.bool { return .integer(number ? 1 : 0) }
    guard let text = value.string?.trimmingBlanks else { return value }
    if text.isEmpty { return .integer(0) }
    if let whole = Int(text) { return .integer(whole) }
    let isPlain = text.utf8.allSatisfy { "0123456789+-.eE".utf8.contains($0) }
    return .number(isPlain ? Double(text) ?? .nan : .nan)
  }
}

extension Value {
  /// What `widelyUndefined` takes for missing.
  var isBlank: Bool {
    switch self {
    case .undefined, .null: true
    case .text(let text): text.isEmpty
    case .number(let number): number.isNaN
    default: false
    }
  }
}

extension String {
  var trimmingBlanks: String {
    let blank: (Character) -> Bool = { $0.isWhitespace || $0 == "\u{FEFF}" }
    guard let first = firstIndex(where: { !blank($0) }), let last = lastIndex(where: { !blank($0) })
    else { return "" }
    return String(self[first...last])
  }
}
