import Glibc

extension Renderer {
  func int(_ call: TemplateCall) throws(TemplateError) -> Value {
    var fallback = call[1]
    var base = call[2]
    if let keywords = call.keywords {
      let positional = call.count - 1
      fallback = positional > 1 ? call[1] : keywords.get(TextView("default")) ?? .undefined
      base = positional > 2 ? call[2] : keywords.get(TextView("base")) ?? .undefined
    }
    let text = try textValue(call[0])
    defer { withExtendedLifetime(text) {} }
    let radix = base.isUndefined ? 10 : try number(base)
    let number = parseInteger(text.textView ?? TextView(""), radix: radix)
    return number.isNaN ? fallback : .number(number)
  }

  func round(_ call: TemplateCall) throws(TemplateError) -> Value {
    let value = try number(call[0])
    let precision = call[1].isTruthy ? try number(call[1]) : 0
    let factor =
      precision == 2 ? 100 : precision == 0 ? 1 : precision == 1 ? 10 : pow(10, precision)
    let scaled = value * factor
    let rounded: Double
    if let method = call[2].plainView, method.equals("ceil") {
      rounded = scaled.rounded(.up)
    } else if let method = call[2].plainView, method.equals("floor") {
      rounded = scaled.rounded(.down)
    } else {
      let low = scaled.rounded(.down)
      rounded = scaled - low >= 0.5 ? low + 1 : low
    }
    return .number(rounded / factor)
  }
}
