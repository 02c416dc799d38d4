// nunjucks-bench [FOLDER] [--seconds S] [--only NAME] [--node PATH] [--application FOLDER]
//
// Renders the workloads of FOLDER (default Tests/Fixtures/nunjucks-bench) by turns in one run: with this
// engine called from Swift, through `ctx.renderView` of a served application, and with the original
// under node. Prints microseconds a page and how many times faster the first two are; then the same for
// compiling all templates of a workload, and the bytes they take here once compiled. The context is a
// borrowed C tree, a `Value` of the application, and a JavaScript object.
//
// The application is Benchmarks/templates, served by the `egg` beside this program: `swift build -c
// release` builds all of it. What is missing is left out and said.

import Foundation
import Nunjucks

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
let application = option("--application") ?? "Benchmarks/templates"
let folder = arguments.first ?? "Tests/Fixtures/nunjucks-bench"
let root = URL(fileURLWithPath: folder).path

/// Right-aligned in a column.
func column(_ number: Double, _ digits: Int = 1) -> String {
  let text = number.isFinite ? String(format: "%.\(digits)f", number) : "-"
  return String(repeating: " ", count: max(0, 10 - text.count)) + text
}

do {
  let original = FileManager.default.isExecutableFile(atPath: node) ? try Original(node) : nil
  if original == nil { print("\(node) is missing: apt-get install nodejs node-nunjucks") }
  print(
    "workload        Swift µs    ctx µs   node µs    ×Swift      ×ctx |  compile µs"
      + "   node µs         ×     bytes")
  for name in try FileManager.default.contentsOfDirectory(atPath: root).sorted() {
    if let only, name != only { continue }
    let work = try load(root + "/" + name)
    let page = try work.environment.render(work.template, work.context) { Array($0) }
    if page != work.expected { print("\(name): the output is not the expected one") }
    let served = try? ServedApplication(application, templates: root + "/" + name + "/templates")
    let data = FileManager.default.contents(atPath: root + "/" + name + "/context.json") ?? Data()
    if let served, try served.page(data) != work.expected {
      print("\(name): the output of the application is not the expected one")
    }
    var (here, there, context) = (Double.infinity, Double.infinity, Double.infinity)
    for _ in 0..<3 {
      here = min(here, try measure(work, seconds / 3))
      if let served {
        context = min(context, try served.measure(data, work.expected.count, seconds / 3))
      }
      if let original { there = min(there, original.measure(root + "/" + name, seconds / 3)) }
    }
    let all = try sources(root + "/" + name)
    let (compileHere, bytes) = try measureCompiling(all, seconds / 4)
    let compileThere =
      original?.measure(root + "/" + name, seconds / 4, compiling: true) ?? .infinity
    print(
      name.padding(toLength: 13, withPad: " ", startingAt: 0), column(here, 2),
      column(context, 2), column(there, 2), column(there / here), column(there / context), "| ",
      column(compileHere), column(compileThere), column(compileThere / compileHere),
      column(Double(bytes), 0), separator: "")
    if served == nil { print("    no application: swift build -c release") }
  }
  original?.stop()
} catch {
  print(error)
  exit(1)
}
