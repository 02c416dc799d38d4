// nunjucks-conformance FILE.json [--only AREA] [--verbose]
//
// Runs the cases of a corpus and prints a line for each that fails, with what was expected and what
// came out, and `N passed, M failed` at the end. With --verbose passing cases are printed too.

import Foundation
import Nunjucks

func field(_ value: TemplateValue, _ name: String) -> TemplateValue? {
  if case .map(let map) = value { return map[name] }
  return nil
}

func text(_ value: TemplateValue?) -> String? { value?.textView?.string }

func entries(_ value: TemplateValue?) -> [(String, TemplateValue)] {
  if case .map(let map)? = value { return map.entries }
  return []
}

func isTrue(_ value: TemplateValue?) -> Bool? {
  if case .bool(let bool)? = value { return bool }
  return nil
}

func number(_ value: TemplateValue?) -> Int? {
  if case .number(let number)? = value { return Int(number) }
  return nil
}

func environment(_ test: TemplateValue) -> Environment {
  var options = TemplateOptions()
  let given = field(test, "options") ?? .null
  options.autoescape = isTrue(field(given, "autoescape")) ?? true
  options.trimBlocks = isTrue(field(given, "trimBlocks")) ?? false
  options.lstripBlocks = isTrue(field(given, "lstripBlocks")) ?? false
  options.throwOnUndefined = isTrue(field(given, "throwOnUndefined")) ?? false
  options.jinjaCompat = isTrue(field(given, "jinjaCompat")) ?? false
  for (name, value) in entries(field(given, "tags")) {
    guard let value = text(value) else { continue }
    switch name {
    case "blockStart": options.tags.blockStart = value
    case "blockEnd": options.tags.blockEnd = value
    case "variableStart": options.tags.variableStart = value
    case "variableEnd": options.tags.variableEnd = value
    case "commentStart": options.tags.commentStart = value
    default: options.tags.commentEnd = value
    }
  }
  var templates: [String: String] = [:]
  for (name, source) in entries(field(test, "templates")) { templates[name] = text(source) ?? "" }
  return Environment(loaders: [MemoryLoader(templates)], options: options)
}

/// What is wrong with the outcome of a case; nil if it is right.
func verdict(_ test: TemplateValue) -> String? {
  let views = environment(test)
  let main = text(field(test, "main")) ?? ""
  var page: String?
  var failure: TemplateError?
  do throws(TemplateError) {
    page = String(
      decoding: try views.render(main, field(test, "context") ?? .undefined), as: UTF8.self)
  } catch {
    failure = error
  }
  if let expected = text(field(test, "expect")) {
    if page == expected { return nil }
    if let failure { return "  expected: \(expected.debugDescription)\n  failed:   \(failure)" }
    return "  expected: \(expected.debugDescription)\n  got:      \((page ?? "").debugDescription)"
  }
  guard let expected = field(test, "error") else { return "  the case expects nothing" }
  let message = text(field(expected, "message")) ?? ""
  guard let failure else {
    return "  expected: \(message)\n  got:      \((page ?? "").debugDescription)"
  }
  let isEngine = text(field(expected, "kind")) == "engine"
  if !isEngine { return failure.cause.isEmpty ? "  the failure has no text" : nil }
  let classes = ["Error: ", "TypeError: ", "ReferenceError: ", "RangeError: ", "SyntaxError: "]
  var cause = text(field(expected, "cause")) ?? ""
  let lastLine = String(message.split(separator: "\n").last ?? "").drop { $0 == " " }
  let isRunTime = classes.contains { lastLine.hasPrefix($0) }
  for prefix in classes where cause.hasPrefix(prefix) {
    cause = String(cause.dropFirst(prefix.count))
  }
  var problems: [String] = []
  if failure.cause != cause {
    problems.append("  expected: \(cause)\n  got:      \(failure.cause)")
  }
  let place = (failure.line, failure.column)
  if !isRunTime, failure.kind == .syntax {
    let line = number(field(expected, "line")).flatMap { $0 > 0 ? $0 : nil }
    let column = number(field(expected, "col")).flatMap { $0 > 0 ? $0 : nil }
    if (line, column) != place {
      problems.append(
        "  expected at \(line ?? 0):\(column ?? 0), got \(place.0 ?? 0):\(place.1 ?? 0)")
    }
  } else if place.0 == nil {
    problems.append("  the failure has no place")
  }
  if !problems.isEmpty { problems.append("  whole: \(failure)") }
  return problems.isEmpty ? nil : problems.joined(separator: "\n")
}

var arguments = Array(CommandLine.arguments.dropFirst())
let verbose = arguments.contains("--verbose")
arguments.removeAll { $0 == "--verbose" }
var only: String?
if let index = arguments.firstIndex(of: "--only"), index + 1 < arguments.count {
  only = arguments[index + 1]
  arguments.removeSubrange(index...(index + 1))
}
guard let path = arguments.first, let data = FileManager.default.contents(atPath: path) else {
  print("usage: nunjucks-conformance FILE.json [--only AREA] [--verbose]")
  exit(2)
}
var passed = 0
var failed = 0
do {
  let corpus = try TemplateValue(json: Array(data))
  guard case .list(let cases)? = field(corpus, "cases") else {
    print("\(path): no cases")
    exit(2)
  }
  for test in cases.items {
    if let only, text(field(test, "area")) != only { continue }
    let name = text(field(test, "name")) ?? "?"
    if let problem = verdict(test) {
      failed += 1
      print("FAIL \(name)\n\(problem)")
    } else {
      passed += 1
      if verbose { print("PASS \(name)") }
    }
  }
} catch {
  print("\(path): \(error)")
  exit(2)
}
print("\(passed) passed, \(failed) failed")
exit(failed == 0 ? 0 : 1)
