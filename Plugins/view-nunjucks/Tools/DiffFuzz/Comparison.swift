import Nunjucks

/// What the original has too; see its script.
func addAdditions(to views: Environment) {
  views.addFilter("twice") { call in
    switch call[0] {
    case .undefined: return TemplateValue(Double.nan)
    case .null: return 0
    case .bool(let bool): return bool ? 2 : 0
    case .number(let number): return TemplateValue(number * 2)
    default:
      let text = try call.string(0)
      return TemplateValue(text + text)
    }
  }
  views.addFilter("loud") { call in
    return TemplateValue(try call.string(0).uppercased() + (try marks(call[1])))
  }
  views.addAsyncFilter("later") { call, done in
    done(Result { TemplateValue("later " + (try call.string(0))) })
  }
  views.addTest("three") { call in
    if case .number(3) = call[0] { return true }
    return false
  }
  views.addGlobal("glob", 5)
  views.addGlobal(
    "gfun",
    .object(
      TemplateFunction { call in TemplateValue("\(try call.string(0))/\(try call.string(1))") }))
  views.addTag(
    CustomTag("shout", endTag: "endshout") { tag in
      let count = tag.call.count > 0 ? tag.call[0] : 1
      let text = try tag.body().uppercased() + (try marks(count))
      return TemplateValue(text, safe: true)
    })
}

/// `'!'.repeat(count)`
private func marks(_ count: TemplateValue) throws(TemplateError) -> String {
  guard case .number(let number) = count else { return "" }
  if number.isNaN { return "" }
  guard number > -1, number < 1e6 else { throw TemplateError("RangeError: Invalid count value") }
  return String(repeating: "!", count: Int(number))
}

enum Verdict { case same, known, different }

/// Compares pages, and the text of errors that the engine itself phrases.
func compare(
  _ here: (page: String?, error: TemplateError?), _ there: (page: String?, error: String)
) -> Verdict {
  if let page = here.page, page == there.page { return .same }
  if there.error == Original.gone { return .known }
  if let page = here.page, let other = there.page, isSameButHalves(page, other) { return .known }
  guard let error = here.error else {
    // A page here and an error there, for reasons of the JavaScript the original writes.
    let known = [
      // Such tags in the `else` of a loop.
      "SyntaxError: ",
      // A newline inside {% endraw %}.
      "reading 'lastIndexOf'",
      // Asynchronous filters and tags in macros, captures, cases and short-circuited operands.
      "ReferenceError: ", "next is not a function", "done is not a function",
      // A list that shrinks while `asyncAll` counts its rounds: it waits without end.
      "no answer",
    ]
    return there.page == nil && known.contains(where: there.error.contains) ? .known : .different
  }
  // A template that does not compile, included while rendering: the original forgets the error, and
  // may fail later.
  let isMistake = error.kind == .syntax || error.cause.hasSuffix("end of comment")
  let isForgotten =
    isMistake && error.chain.count > 1 && !there.error.contains("(\(error.template ?? ""))")
  if there.page != nil { return isForgotten ? .known : .different }
  let cause = there.error.split(separator: "\n").last.map { $0.drop { $0 == " " } } ?? ""
  // Phrased by JavaScript.
  let classes = ["TypeError", "ReferenceError", "SyntaxError", "RangeError", "URIError"]
  // The same error may have been wrapped several times.
  var plain = cause
  while let prefix = ["Error: ", "Template render error: "].first(where: plain.hasPrefix) {
    plain = plain.dropFirst(prefix.count)
  }
  if classes.contains(where: plain.hasPrefix) { return .same }
  // A regular expression that JavaScript refuses, which the message repeats with all its lines.
  if there.error.contains("SyntaxError: Invalid regular expression: /") { return .same }
  // The original runs the body once before it notices.
  if error.cause.hasSuffix("an asynchronous loop over this value needs two names") { return .known }
  // The cause may have several lines.
  let isSame = plain == error.cause || there.error.hasSuffix(error.cause)
  // Where a mistake stands is the original's to say; where a page fails is not: it is often wrong.
  let isOutput = error.cause.hasPrefix("attempted to output")
  if isSame, !isOutput, error.kind == .syntax, let place = place(there.error) {
    return place == (error.line, error.column) ? .same : .different
  }
  return isSame ? .same : isForgotten ? .known : .different
}

/// The innermost `[Line 1, Column 2]` of a message, if there is one.
private func place(_ message: String) -> (line: Int, column: Int)? {
  guard let match = message.matches(of: /\[Line (\d+), Column (\d+)\]/).last,
    let line = Int(match.1), let column = Int(match.2)
  else { return nil }
  return (line, column)
}

/// Whether the pages differ in nothing but halves of surrogate pairs, which Swift code of an
/// application cannot be handed: `dump` writes those that are still there as escapes.
private func isSameButHalves(_ here: String, _ there: String) -> Bool {
  guard here.unicodeScalars.contains("\u{FFFD}") else { return false }
  var text = ""
  var rest = Substring(there)
  while let start = rest.firstIndex(of: "\\") {
    let escape = rest[start...].prefix(6)
    let isHalf =
      escape.count == 6 && escape.dropFirst().first == "u"
      && UInt16(escape.dropFirst(2), radix: 16).map { (0xD800...0xDFFF).contains($0) } == true
    text += rest[..<start] + (isHalf ? "\u{FFFD}" : rest[start...start])
    rest = rest[rest.index(start, offsetBy: isHalf ? 6 : 1)...]
  }
  return text + rest == here
}
