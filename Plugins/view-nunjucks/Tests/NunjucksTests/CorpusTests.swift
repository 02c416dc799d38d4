import Foundation
import Nunjucks
import Testing

/// The corpus of cases recorded from the original engine.
enum Corpus {
  static let folder: URL = {
    // Tests may be built from another place through a link, so the fixtures are looked for upwards.
    var folder = URL(fileURLWithPath: #filePath).resolvingSymlinksInPath()
      .deletingLastPathComponent()
    while folder.path != "/" {
      let fixtures = folder.appendingPathComponent("Tests/Fixtures/nunjucks")
      if FileManager.default.fileExists(atPath: fixtures.path) { return fixtures }
      folder.deleteLastPathComponent()
    }
    return folder
  }()

  /// Read by several tests at once and changed by none.
  nonisolated(unsafe) static let cases: [TemplateValue] = {
    guard let data = try? Data(contentsOf: folder.appendingPathComponent("cases.json")),
      let value = try? TemplateValue(json: Array(data)), case .list(let list)? = value["cases"]
    else { return [] }
    return list.items
  }()

  static let areas = Set(cases.compactMap { $0["area"]?.text }).sorted()
}

extension TemplateValue {
  subscript(name: String) -> TemplateValue? {
    if case .map(let map) = self { return map[name] }
    return nil
  }
  var text: String? { textView?.string }
  var flag: Bool? {
    if case .bool(let bool) = self { return bool }
    return nil
  }
  var integer: Int? {
    if case .number(let number) = self { return Int(number) }
    return nil
  }
  var entries: [(String, TemplateValue)] {
    if case .map(let map) = self { return map.entries }
    return []
  }
}

@Suite struct CorpusTests {
  @Test func `the corpus is there`() {
    #expect(Corpus.cases.count > 800)
    #expect(Corpus.areas.count > 30)
  }

  @Test(arguments: Corpus.areas)
  func `every case of an area gives what the original gives`(_ area: String) {
    for test in Corpus.cases where test["area"]?.text == area {
      let problem = check(test)
      #expect(problem == nil, "\(test["name"]?.text ?? "?"): \(problem ?? "")")
    }
  }

  private func check(_ test: TemplateValue) -> String? {
    var options = TemplateOptions()
    let given = test["options"] ?? .null
    options.autoescape = given["autoescape"]?.flag ?? true
    options.trimBlocks = given["trimBlocks"]?.flag ?? false
    options.lstripBlocks = given["lstripBlocks"]?.flag ?? false
    options.throwOnUndefined = given["throwOnUndefined"]?.flag ?? false
    options.jinjaCompat = given["jinjaCompat"]?.flag ?? false
    if let tags = given["tags"] {
      options.tags.blockStart = tags["blockStart"]?.text ?? "{%"
      options.tags.blockEnd = tags["blockEnd"]?.text ?? "%}"
      options.tags.variableStart = tags["variableStart"]?.text ?? "{{"
      options.tags.variableEnd = tags["variableEnd"]?.text ?? "}}"
      options.tags.commentStart = tags["commentStart"]?.text ?? "{#"
      options.tags.commentEnd = tags["commentEnd"]?.text ?? "#}"
    }
    var templates: [String: String] = [:]
    for (name, source) in test["templates"]?.entries ?? [] { templates[name] = source.text }
    let views = Environment(loaders: [MemoryLoader(templates)], options: options)
    do {
      let page = String(
        decoding: try views.render(test["main"]?.text ?? "", test["context"] ?? .undefined),
        as: UTF8.self)
      guard let expected = test["expect"]?.text else { return "rendered \(page.debugDescription)" }
      return page == expected
        ? nil : "expected \(expected.debugDescription), got \(page.debugDescription)"
    } catch {
      guard let expected = test["error"] else { return "failed: \(error)" }
      return check(error, expected)
    }
  }

  /// Text as recorded; the place too, where the original's is right (parser and compiler).
  private func check(_ error: TemplateError, _ expected: TemplateValue) -> String? {
    if expected["kind"]?.text == "js" { return error.cause.isEmpty ? "no text" : nil }
    let last = (expected["message"]?.text ?? "").split(separator: "\n").last.map {
      $0.drop { $0 == " " }
    }
    let classes = ["Error: ", "TypeError: ", "ReferenceError: ", "RangeError: "]
    var cause = expected["cause"]?.text ?? ""
    for name in classes where cause.hasPrefix(name) { cause.removeFirst(name.count) }
    if error.cause != cause { return "expected \(cause), got \(error)" }
    let isRunTime = classes.contains { last?.hasPrefix($0) ?? false }
    // Failures of `list` and `dictsort` are recorded without their class.
    if isRunTime || error.kind != .syntax { return error.line == nil ? "no place: \(error)" : nil }
    let line = expected["line"]?.integer.flatMap { $0 > 0 ? $0 : nil }
    let column = expected["col"]?.integer.flatMap { $0 > 0 ? $0 : nil }
    return (line, column) == (error.line, error.column)
      ? nil : "expected \(line ?? 0):\(column ?? 0), got \(error)"
  }
}

@Suite struct WorkloadTests {
  @Test(arguments: ["1-hello", "2-table50", "3-blog", "4-filters", "5-table1000", "6-email"])
  func `a workload gives the recorded page`(_ name: String) throws {
    let folder = Corpus.folder.deletingLastPathComponent()
      .appendingPathComponent("nunjucks-bench/\(name)")
    let views = Environment(
      loaders: [FileLoader(roots: [folder.appendingPathComponent("templates").path])])
    let context = try TemplateValue(
      json: Array(try Data(contentsOf: folder.appendingPathComponent("context.json"))))
    let expected = try Data(contentsOf: folder.appendingPathComponent("expected.html"))
    #expect(Data(try views.render("main.njk", context)) == expected)
  }
}
