import Egg

/// Compares values with rules.
///
///     let validator = Validator()
///     var post: Value = ["title": "Egg", "tags": ["a", 1] as Value]
///     let errors = try validator.validate(["title": "string", "tags": ["type": "array", "itemType": "string"] as Value], &post)
///     errors[0].field    // "tags[1]"
///
/// - Source: the rules of `parameter`, which Egg's validate plugin is made of.
public final class Validator {
  /// Values are converted to the type of their rule first.
  public var converts = false
  /// Null, "" and NaN count as missing.
  public var widelyUndefined = false
  /// What is no object at all is an error.
  public var validatesRoot = false

  /// A rule of yours: the rule as it is written, the value, the object it is a member of. Returns
  /// what is wrong, nil when nothing is.
  public typealias Check =
    @MainActor (_ rule: Value, _ value: Value, _ object: Value) throws ->
    String?

  var own: [String: Check] = [:]
  private var patterns: [String: Pattern] = [:]

  public init() {}

  // MARK: rules of yours

  /// Adds a type of rule, `{"type": "NAME"}`, or replaces one.
  public func addRule(_ name: String, _ check: @escaping Check) { own[name] = check }

  /// The same for a regular expression that text has to match.
  ///
  /// - Throws: `EggError` when the expression is malformed.
  public func addRule(_ name: String, pattern: String) throws {
    let pattern = try Pattern(pattern)
    own[name] = { rule, value, _ in
      guard let text = value.string else { return "should be a string" }
      return pattern.matches(text) ? nil : "should match \(pattern.text)"
    }
  }

  // MARK: checking

  /// - Parameters:
  ///   - rules: a rule for each member of the object.
  ///   - object: with `trim`, `default` and conversions done afterwards.
  /// - Returns: what is wrong; empty when nothing is.
  /// - Throws: `EggError` for a rule that makes no sense, which is a mistake of the program.
  public func validate(_ rules: Value, _ object: inout Value) throws -> [ValidationError] {
    guard let rules = rules.object else {
      throw EggError(code: "EGG_VALIDATE", "need object type rule, found \(rules.kindName)")
    }
    if object.object == nil, validatesRoot {
      return [ValidationError(.invalid, "", "the validated value should be a object")]
    }
    var errors: [ValidationError] = []
    for (name, written) in rules {
      try check(Rule(written, name), name, &object, &errors)
    }
    return errors
  }

  private func check(
    _ rule: Rule, _ name: String, _ object: inout Value, _ errors: inout [ValidationError]
  ) throws {
    var value = object[name]
    if rule["trim"].isTruthy, let text = value.string {
      value = .text(text.trimmingBlanks)
      object[name] = value
    }
    if widelyUndefined || rule["widelyUndefined"].isTruthy, value.isBlank {
      value = .undefined
      if object.object != nil { object[name] = .undefined }
    }
    guard value.exists else {
      if rule.isRequired { errors.append(ValidationError(.missing, name, "required")) }
      if rule["default"].exists, !rule.isRequired { object[name] = rule["default"] }
      return
    }
    if let converted = try rule.converted(value, byDefault: converts) {
      value = converted
      object[name] = converted
    }
    let problem = try check(&value, rule, object)
    // Members of it may have been converted.
    if value.object != nil || value.array != nil { object[name] = value }
    let custom = rule["message"].string
    switch problem {
    case .none: break
    case .one(let message): errors.append(ValidationError(.invalid, name, custom ?? message))
    case .inside(let inner):
      let dot = rule.type == "array" ? "" : "."
      errors += inner.map { ValidationError($0.code, name + dot + $0.field, custom ?? $0.message) }
    }
  }

  enum Problem {
    case none
    case one(String)
    /// Of members or elements, named from here.
    case inside([ValidationError])

    init(_ message: String?) { self = message.map { .one($0) } ?? .none }
  }

  func check(_ value: inout Value, _ rule: Rule, _ object: Value) throws -> Problem {
    if let check = own[rule.type] { return Problem(try check(rule.written, value, object)) }
    switch rule.type {
    case "object": return try checkObject(&value, rule)
    case "array": return try checkArray(&value, rule, object)
    case "string": return Problem(try checkText(value, rule))
    case "password":
      if let problem = try checkText(value, rule, min: 6) { return .one(problem) }
      if let other = rule["compare"].string, object[other] != value {
        return .one("should equal to \(other)")
      }
      return .none
    default:
      guard let check = Self.builtin[rule.type] else {
        let known = (Self.names + own.keys.sorted()).joined(separator: ", ")
        throw EggError(
          code: "EGG_VALIDATE",
          "rule type must be one of \(known), but the following type was passed: \(rule.type)")
      }
      return Problem(try check(value, rule))
    }
  }

  private func checkObject(_ value: inout Value, _ rule: Rule) throws -> Problem {
    guard value.object != nil else { return .one("should be an object") }
    guard rule["rule"].exists else { return .none }
    let errors = try validate(rule["rule"], &value)
    return errors.isEmpty ? .none : .inside(errors)
  }

  private func checkArray(_ value: inout Value, _ rule: Rule, _ object: Value) throws -> Problem {
    guard var items = value.array else { return .one("should be an array") }
    if let max = rule["max"].int, items.count > max {
      return .one("length should smaller than \(max)")
    }
    if let min = rule["min"].int, items.count < min {
      return .one("length should bigger than \(min)")
    }
    guard let type = rule["itemType"].string else { return .none }
    let inner =
      type == "object"
      ? Rule(type: "object", rule.written)
      : rule["rule"].exists ? try Rule(rule["rule"], "itemType") : try Rule(.text(type), "itemType")
    var errors: [ValidationError] = []
    for place in items.indices {
      switch try check(
        &items[place], inner.type.isEmpty ? Rule(type: type, inner.written) : inner, object)
      {
      case .none: break
      case .one(let message): errors.append(ValidationError(.invalid, "[\(place)]", message))
      case .inside(let deeper):
        let dot = inner.type == "array" ? "" : "."
        errors += deeper.map { ValidationError($0.code, "[\(place)]\(dot)\($0.field)", $0.message) }
      }
    }
    value = .list(items)
    return errors.isEmpty ? .none : .inside(errors)
  }

  /// - Parameter min: where the rule says none.
  func checkText(_ value: Value, _ rule: Rule, min least: Int? = nil) throws -> String? {
    guard let text = value.string else { return "should be a string" }
    if text.isEmpty { return rule.allowsEmpty ? nil : "should not be empty" }
    // As clients in JavaScript count.
    let length = text.utf16.count
    if let max = rule["max"].int, length > max { return "length should smaller than \(max)" }
    if let min = rule["min"].int ?? least, length < min {
      return "length should bigger than \(min)"
    }
    if let format = rule["format"].string {
      let pattern = try pattern(format)
      if !pattern.matches(text) { return "should match \(pattern.text)" }
    }
    return nil
  }

  private func pattern(_ text: String) throws -> Pattern {
    if let known = patterns[text] { return known }
    let pattern = try Pattern(text)
    patterns[text] = pattern
    return pattern
  }
}

/// One thing that does not fit.
nonisolated public struct ValidationError: Equatable, Sendable {
  public enum Code: String, Sendable {
    case missing = "missing_field"
    case invalid
  }

  public let code: Code
  /// `user.tags[0]`
  public let field: String
  public let message: String

  init(_ code: Code, _ field: String, _ message: String) {
    self.code = code
    self.field = field
    self.message = message
  }

  public var value: Value { ["code": code.rawValue, "field": field, "message": message] }
}

extension EggError {
  /// 422 with the list of what does not fit.
  public init(_ errors: [ValidationError]) {
    self.init(status: 422, code: "invalid_param", "Validation Failed")
    properties["errors"] = .list(errors.map { $0.value })
  }
}
