import Egg

private enum ValidatorKey: StorageKey { typealias Value = Validator }

extension Application {
  /// What `ctx.validate` asks: `app.validator.addRule("even") { … }`.
  ///
  /// Each unit has its own; the rules that it adds are for its own calls.
  public var validator: Validator {
    if let known = self[ValidatorKey.self] { return known }
    let validator = Validator()
    validator.converts = config["validate.convert"].isTruthy
    validator.widelyUndefined = config["validate.widelyUndefined"].isTruthy
    validator.validatesRoot = config["validate.validateRoot"].isTruthy
    self[ValidatorKey.self] = validator
    return validator
  }
}

extension Validator {
  /// Checks `data`, or the body of the request, which then has its conversions.
  ///
  /// - Returns: what was checked, with defaults and conversions.
  /// - Throws: 422 `invalid_param` with the list of what does not fit.
  public func check(_ ctx: Context, _ rules: Value, _ data: Value?) throws -> Value {
    let isBody = data == nil
    let before = data ?? ctx.request.body
    var value = before
    let errors = try validate(rules, &value)
    if isBody, value != before { ctx.request.body = value }
    guard errors.isEmpty else { throw EggError(errors) }
    return value
  }
}
