import Foundation
import Nunjucks

struct Workload {
  let name: String
  let environment: Environment
  let template: Template
  let context: TemplateValue
  let expected: [UInt8]
}

func load(_ folder: String) throws -> Workload {
  let root = folder + "/templates"
  let views = Environment(loaders: [FileLoader(roots: [root])])
  let data = FileManager.default.contents(atPath: folder + "/context.json") ?? Data()
  let node = UnsafeMutablePointer<TreeNode>.allocate(capacity: 1)
  node.initialize(to: tree(try TemplateValue(json: Array(data))))
  return Workload(
    name: (folder as NSString).lastPathComponent, environment: views,
    template: try views.template("main.njk"), context: TemplateValue(tree: node),
    expected: Array(FileManager.default.contents(atPath: folder + "/expected.html") ?? Data()))
}

/// Microseconds a render: the best of several windows, because the machine is shared.
func measure(_ work: Workload, _ seconds: Double) throws -> Double {
  var best = Double.infinity
  var rounds = 1
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(seconds)
  while clock.now < deadline {
    let start = clock.now
    for _ in 0..<rounds {
      let count = try work.environment.render(work.template, work.context) { $0.count }
      if count != work.expected.count { throw TemplateError("\(work.name): wrong output") }
    }
    let spent = clock.now - start
    let micros =
      Double(spent.components.attoseconds) / 1e12 + Double(spent.components.seconds) * 1e6
    if micros < 20_000 { rounds *= 2 } else { best = min(best, micros / Double(rounds)) }
  }
  return best
}

/// The sources of a workload's templates.
func sources(_ folder: String) throws -> [String] {
  let root = folder + "/templates"
  return try (FileManager.default.enumerator(atPath: root)?.compactMap { $0 as? String } ?? [])
    .filter { $0.hasSuffix(".njk") }.sorted()
    .map { try String(contentsOfFile: root + "/" + $0, encoding: .utf8) }
}

/// Microseconds for compiling all of `sources`, best of several, and the bytes they take.
func measureCompiling(
  _ sources: [String], _ seconds: Double
) throws -> (micros: Double, bytes: Int) {
  let environment = Environment()
  var best = Double.infinity
  var bytes = 0
  let clock = ContinuousClock()
  let deadline = clock.now + .seconds(seconds)
  while clock.now < deadline {
    let start = clock.now
    bytes = 0
    for _ in 0..<10 {
      for source in sources { bytes += try environment.compile(source).memoryBytes }
    }
    let spent = (clock.now - start).components
    best = min(best, (Double(spent.attoseconds) / 1e12 + Double(spent.seconds) * 1e6) / 10)
  }
  return (best, bytes / 10)
}
