import Egg
import EggNunjucksClient

/// Adds one of everything to the template language.
final class ProbeBoot: Boot {
  override func configDidLoad() async throws {
    guard app.extension("nunjucks").exists else { return }  // a test starts without plugins
    let nunjucks = app.nunjucks
    try nunjucks.addFilter("swifter") { (text: String, marks: Int?) in
      text.uppercased() + String(repeating: "!", count: marks ?? 1)
    }
    try nunjucks.addFilter("first_of_all") { (args: Arguments) throws -> Value in
      .text("\(args.count) \(args[1].label.string ?? "none")")
    }
    try nunjucks.addTest("longer") { (text: String, than: Int) in text.utf8.count > than }
    try nunjucks.addFunction("product") { (left: Int, right: Int) in left * right }
    try nunjucks.addGlobal("brand", ["name": "Egg & Co"])
    try nunjucks.addTag("twice", end: "endtwice", middle: ["then"]) { tag in
      let mark: String = try tag.arguments.get(0)
      let bodies = try [0, 1].map { try tag.word($0) == nil ? "" : try tag.body($0) }
      return .markup("<\(mark)>\(bodies[0])\(bodies[1])\(bodies[0])</\(mark)>")
    }
    try nunjucks.addTag("stamp") { tag in .text("<\(tag.arguments.count)>") }
  }

  override func didReady() async throws {
    // When pages are served already, and one that waits.
    guard app.extension("nunjucks").exists else { return }
    try app.nunjucks.addFilter("patiently") { (text: String) async throws -> String in
      await Task.yield()
      if text == "no" { throw EggError("patience is over") }
      return "later \(text)"
    }
  }
}
