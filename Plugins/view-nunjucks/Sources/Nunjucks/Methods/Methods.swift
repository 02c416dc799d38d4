/// JavaScript's built-in methods, as far as templates use them.
extension Renderer {
  static let stringMethods: Set<String> = [
    "charAt", "charCodeAt", "codePointAt", "at", "indexOf", "lastIndexOf", "includes", "startsWith",
    "endsWith", "slice", "substring", "substr", "split", "replace", "replaceAll", "match", "search",
    "trim", "trimStart", "trimEnd", "trimLeft", "trimRight", "padStart", "padEnd", "repeat",
    "concat", "toUpperCase", "toLowerCase", "toLocaleUpperCase", "toLocaleLowerCase", "toString",
    "valueOf", "localeCompare", "normalize",
  ]
  static let listMethods: Set<String> = [
    "push", "pop", "shift", "unshift", "splice", "slice", "concat", "join", "reverse", "sort",
    "indexOf", "lastIndexOf", "includes", "at", "fill", "flat", "toString", "map", "filter", "some",
    "every", "find", "findIndex", "forEach", "reduce", "keys", "values", "entries",
  ]
  static let numberMethods: Set<String> = [
    "toFixed", "toString", "toPrecision", "toExponential", "valueOf", "toLocaleString",
  ]

  /// Whether `name` is a built-in method of the value's type.
  func isMethod(_ value: Value, _ name: TextView) -> Bool {
    switch value {
    case .view, .text: Renderer.stringMethods.contains(name.string)
    case .list, .treeList: Renderer.listMethods.contains(name.string)
    case .number, .integer: Renderer.numberMethods.contains(name.string)
    case .object(let object):
      object is TemplateRegex && TemplateRegex.methods.contains(name.string)
        || object is TemplateTime && (name.string.hasPrefix("get") || name.string.hasPrefix("to"))
    default: false
    }
  }

  /// Calls the built-in method `name`.
  /// - Returns: nil if the value has no such method.
  func invoke(
    _ target: Value, _ name: TextView, _ call: TemplateCall
  ) throws(TemplateError) -> Value? {
    if jinjaCompat, let result = try jinjaMethod(target, name, call) { return result }
    let method = name.string
    switch target {
    case .undefined, .null: return nil
    case .view, .text:
      if let result = try stringMethod(target, method, call) { return result }
    case .list, .treeList:
      if let result = try listMethod(target, method, call) { return result }
    case .number, .integer:
      if let result = try numberMethod(try number(target), method, call) { return result }
    case .object(let object):
      if let regex = object as? TemplateRegex {
        if let result = try regexMethod(regex, method, call) { return result }
      } else if object is BuiltinObject || object is LoopObject || object is BoundMethod {
        var result: Value?
        _ = try engine {
          result = try object.invoke(name, call)
          return .undefined
        }
        if let result { return result }
      } else {
        // Absence is remembered as null with a mark, because a record holds values only.
        let outcome = try external {
          guard let value = try object.invoke(name, call) else { return .list(Renderer.absent) }
          return value
        }
        if case .list(let list) = outcome, list === Renderer.absent {
        } else {
          return outcome
        }
      }
    default: break
    }
    switch method {
    case "toString", "toLocaleString": return .some(try plainText(target))
    case "valueOf": return target
    case "hasOwnProperty", "propertyIsEnumerable":
      let key = try textValue(call[0])
      defer { withExtendedLifetime(key) {} }
      guard let view = key.textView else { return .bool(false) }
      if case .object(let object) = target { return .bool(object.keys.contains(view.string)) }
      return .bool(ownMember(target, view) != nil)
    case "isPrototypeOf": return .bool(false)
    case "constructor": return .map(TemplateMap(local: true))
    default: return nil
    }
  }

  nonisolated(unsafe) private static let absent = TemplateList()

  /// The string form, without a safe mark.
  func plainText(_ value: Value) throws(TemplateError) -> Value {
    try textValue(value).withoutMark
  }

  /// A relative index as `slice` takes it: negative counts from the end, clamped to 0…count.
  func relative(_ value: Value, _ count: Int, default fallback: Int) throws(TemplateError) -> Int {
    if value.isUndefined { return fallback }
    let index = clampedInteger(try number(value))
    return index < 0 ? max(0, count + index) : min(index, count)
  }

  func callback(_ call: TemplateCall) throws(TemplateError) -> TemplateObject {
    guard case .object(let function) = call[0], function.isCallable else {
      throw .type("\(try string(call[0])) is not a function")
    }
    return function
  }

  /// Calls `function` with the given arguments.
  func apply(
    _ function: TemplateObject, _ arguments: Value...
  ) throws(TemplateError) -> Value {
    let level = top
    if top + arguments.count + 16 > Renderer.stackCapacity {
      throw .limit("expressions nest too deep")
    }
    for argument in arguments { push(argument) }
    steps &-= 1
    if steps < 0 { throw stepError() }
    let result = try invoke(
      function, TemplateCall(renderer: self, base: stack + level, count: arguments.count))
    dropStack(to: level)
    return result
  }
}
