// nunjucks-bench [FOLDER] [--seconds S] [--only NAME] [--node PATH]
//
// Renders the workloads of FOLDER (default Tests/Fixtures/nunjucks-bench) with this engine and with
// the original under node, by turns in the same run, and prints microseconds a render and how many
// times faster this engine is; then the same for compiling all templates of a workload, and the bytes
// they take here once compiled. The context is a borrowed C tree here, a JavaScript object there.

import Foundation
import Nunjucks

/// Builds a C tree out of owned values; never freed, as the benchmark needs it to the end.
func tree(_ value: TemplateValue) -> TreeNode {
  switch value {
  case .undefined: return TreeNode(kind: TreeNode.undefined)
  case .null: return TreeNode(kind: TreeNode.null)
  case .bool(let bool): return TreeNode(kind: TreeNode.boolean, bits: bool ? 1 : 0)
  case .number(let number):
    if let integer = Int64(exactly: number) {
      return TreeNode(kind: TreeNode.integer, bits: UInt64(bitPattern: integer))
    }
    return TreeNode(kind: TreeNode.double, bits: number.bitPattern)
  case .list(let list):
    let items = UnsafeMutablePointer<TreeNode>.allocate(capacity: max(1, list.items.count))
    for (index, item) in list.items.enumerated() { (items + index).initialize(to: tree(item)) }
    return TreeNode(
      kind: TreeNode.list, count: UInt32(list.items.count), bits: UInt64(UInt(bitPattern: items)))
  case .map(let map):
    let pairs = UnsafeMutablePointer<TreeEntry>.allocate(capacity: max(1, map.count))
    for (index, entry) in map.entries.enumerated() {
      let (key, count) = copy(entry.0)
      (pairs + index).initialize(
        to: TreeEntry(key: key, keyCount: count, value: tree(entry.1)))
    }
    return TreeNode(
      kind: TreeNode.map, count: UInt32(map.count), bits: UInt64(UInt(bitPattern: pairs)))
  default:
    let (bytes, count) = copy(value.textView?.string ?? "")
    return TreeNode(
      kind: TreeNode.string, count: UInt32(count), bits: UInt64(UInt(bitPattern: bytes)))
  }
}

func copy(_ string: String) -> (UnsafePointer<UInt8>, Int) {
  let bytes = Array(string.utf8)
  let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: max(1, bytes.count))
  memory.initialize(from: bytes, count: bytes.count)
  return (UnsafePointer(memory), bytes.count)
}

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

/// The original, rendering on request: one line in (workload and seconds), one line out.
let script = """
  const nunjucks = require('nunjucks'), fs = require('fs'), path = require('path');
  const rl = require('readline').createInterface({input: process.stdin});
  rl.on('line', line => {
    const [folder, seconds, compiles] = JSON.parse(line);
    if (compiles) {
      const env = new nunjucks.Environment(null, {autoescape: true});
      const sources = fs.readdirSync(path.join(folder, 'templates'), {recursive: true})
        .filter(name => name.endsWith('.njk'))
        .map(name => fs.readFileSync(path.join(folder, 'templates', name), 'utf8'));
      let best = Infinity;
      const deadline = performance.now() + seconds * 1000;
      while (performance.now() < deadline) {
        const start = performance.now();
        for (const source of sources) new nunjucks.Template(source, env, 'x', true);
        best = Math.min(best, (performance.now() - start) * 1000);
      }
      return console.log(String(best));
    }
    const env = new nunjucks.Environment(
      new nunjucks.FileSystemLoader(path.join(folder, 'templates')), {autoescape: true});
    const context = JSON.parse(fs.readFileSync(path.join(folder, 'context.json')));
    const template = env.getTemplate('main.njk', true);
    let best = Infinity, rounds = 1;
    const deadline = performance.now() + seconds * 1000;
    while (performance.now() < deadline) {
      const start = performance.now();
      for (let i = 0; i < rounds; i++) Buffer.from(template.render(context), 'utf8');
      const micros = (performance.now() - start) * 1000;
      if (micros < 20000) rounds *= 2; else best = Math.min(best, micros / rounds);
    }
    console.log(String(best));
  });
  """

final class Original {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()

  init(_ node: String) throws {
    process.executableURL = URL(fileURLWithPath: node)
    process.arguments = ["-e", script]
    var settings = ProcessInfo.processInfo.environment
    if settings["NODE_PATH"] == nil { settings["NODE_PATH"] = "/usr/share/nodejs" }
    process.environment = settings
    process.standardInput = input
    process.standardOutput = output
    try process.run()
  }

  func measure(_ folder: String, _ seconds: Double, compiling: Bool = false) -> Double {
    input.fileHandleForWriting.write(Data("[\"\(folder)\", \(seconds), \(compiling)]\n".utf8))
    var line = ""
    while !line.hasSuffix("\n") {
      let data = output.fileHandleForReading.availableData
      if data.isEmpty { return .nan }
      line += String(decoding: data, as: UTF8.self)
    }
    return Double(line.dropLast()) ?? .nan
  }

  func stop() { process.terminate() }
}

var arguments = Array(CommandLine.arguments.dropFirst())
@MainActor func option(_ name: String) -> String? {
  guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
  let value = arguments[index + 1]
  arguments.removeSubrange(index...(index + 1))
  return value
}
let seconds = option("--seconds").flatMap(Double.init) ?? 1
let only = option("--only")
let node = option("--node") ?? "/usr/bin/node"
let folder = arguments.first ?? "Tests/Fixtures/nunjucks-bench"
let root = URL(fileURLWithPath: folder).path

do {
  let original = FileManager.default.isExecutableFile(atPath: node) ? try Original(node) : nil
  print(
    "workload          here µs    node µs     faster | compile µs    node µs     faster      bytes")
  for name in try FileManager.default.contentsOfDirectory(atPath: root).sorted() {
    if let only, name != only { continue }
    let work = try load(root + "/" + name)
    let page = try work.environment.render(work.template, work.context) { Array($0) }
    if page != work.expected { print("\(name): the output is not the expected one") }
    var here = Double.infinity
    var there = Double.infinity
    for _ in 0..<2 {
      here = min(here, try measure(work, seconds / 2))
      if let original { there = min(there, original.measure(root + "/" + name, seconds / 2)) }
    }
    func column(_ text: String) -> String {
      String(repeating: " ", count: max(0, 11 - text.count)) + text
    }
    let all = try sources(root + "/" + name)
    let (compileHere, bytes) = try measureCompiling(all, seconds / 4)
    let compileThere =
      original?.measure(root + "/" + name, seconds / 4, compiling: true) ?? .infinity
    print(
      name.padding(toLength: 14, withPad: " ", startingAt: 0),
      column(String(format: "%.2f", here)), column(String(format: "%.2f", there)),
      column(String(format: "%.1f", there / here)), "|",
      column(String(format: "%.1f", compileHere)), column(String(format: "%.1f", compileThere)),
      column(String(format: "%.1f", compileThere / compileHere)), column(String(bytes)))
  }
  original?.stop()
} catch {
  print(error)
  exit(1)
}
