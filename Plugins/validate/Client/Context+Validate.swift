import Egg
@_exported import EggValidation

/// A type of the body that says its own rules:
///
///     struct CreatePost: Validatable {
///       static let rules: Value = ["title": "string", "content": ["type": "string", "max": 5000] as Value]
///       let title: String
///       let content: String
///     }
///     let post = try ctx.validate(CreatePost.self)
public protocol Validatable: Decodable {
  static var rules: Value { get }
}

extension Context {
  /// Checks the body of the request, or `data`, against rules.
  ///
  ///     try ctx.validate(["title": "string", "age": "int?"])
  ///
  /// Defaults, `trim` and conversions are written into the body.
  ///
  /// - Returns: what was checked, with defaults and conversions.
  /// - Throws: 422 `invalid_param` with `errors`, a list of code, field and message; `EggError` when
  ///   the plugin validate is off or a rule makes no sense.
  @discardableResult
  public func validate(_ rules: Value, _ data: Value? = nil) throws -> Value {
    guard app.config.validate.exists else {
      throw EggError(
        code: "EGG_NOT_FOUND",
        "ctx.validate needs the plugin validate; enable it in config/plugin.json")
    }
    return try app.validator.check(self, rules, data)
  }

  /// Checks the body, or `data`, against the rules of a type, and gives it as that type.
  ///
  /// - Throws: as above; 422 also when the rules allow what the type does not.
  public func validate<T: Validatable>(_ type: T.Type = T.self, _ data: Value? = nil) throws -> T {
    let checked = try validate(T.rules, data)
    do {
      return try checked.decode(type)
    } catch {
      throw EggError(status: 422, code: "invalid_param", EggError(error).message)
    }
  }
}
