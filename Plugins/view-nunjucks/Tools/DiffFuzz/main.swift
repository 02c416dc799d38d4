// nunjucks-difffuzz [--count N] [--seed S] [--mutate] [--node PATH] [--show N]
//
// Makes templates by a grammar, renders them here and with the original under node (one child
// process, a line of JSON each way), and prints where the two differ: in the page, in whether there
// is one, or in the engine's own error messages. With --mutate the sources are damaged first: then
// most of them are mistakes, and the point is which one is reported, where, and that nothing traps. Exit code 0: no difference but the known ones, which
// docs/nunjucks-differences.md explains.

import Foundation
import Nunjucks

/// One round in this engine.
func render(_ job: Generator.Job, backslash: Bool) throws -> (page: String?, error: TemplateError?)
{
  var options = TemplateOptions()
  options.autoescape = job.options["autoescape"] ?? true
  options.trimBlocks = job.options["trimBlocks"] ?? false
  options.lstripBlocks = job.options["lstripBlocks"] ?? false
  options.throwOnUndefined = job.options["throwOnUndefined"] ?? false
  options.escapesBackslash = backslash
  options.jinjaCompat = job.isCompatible
  if let tags = job.tags {
    (options.tags.blockStart, options.tags.blockEnd) = tags.block
    (options.tags.variableStart, options.tags.variableEnd) = tags.variable
    (options.tags.commentStart, options.tags.commentEnd) = tags.comment
  }
  let views = Environment(loaders: [MemoryLoader(job.templates)], options: options)
  addAdditions(to: views)
  var result: Result<[UInt8], TemplateError>?
  let context = try TemplateValue(json: Array(Expressions.context.utf8))
  views.render("main", context) { result = $0 }
  switch result {
  case .success(let page)?: return (String(decoding: page, as: UTF8.self), nil)
  case .failure(let error)?: return (nil, error)
  case nil: throw TemplateError("the render never ended")
  }
}

var arguments = Array(CommandLine.arguments.dropFirst())
@MainActor func option(_ name: String) -> String? {
  guard let index = arguments.firstIndex(of: name), index + 1 < arguments.count else { return nil }
  let value = arguments[index + 1]
  arguments.removeSubrange(index...(index + 1))
  return value
}
let count = option("--count").flatMap(Int.init) ?? 1000
let seed = option("--seed").flatMap(UInt64.init) ?? 1
let node = option("--node") ?? "/usr/bin/node"
let show = option("--show").flatMap(Int.init) ?? 20
let mutate = arguments.contains("--mutate")

do {
  let original = try Original(node)
  var differences = 0
  var known = 0
  var failures = 0
  for round in 0..<count {
    var generator = Generator(seed: seed &* 1_000_003 &+ UInt64(round))
    var job = generator.job()
    if mutate {
      job.templates["main"] = generator.damaged(job.templates["main"] ?? "")
      if generator.random.chance(30) {
        job.templates["inc"] = generator.damaged(job.templates["inc"] ?? "")
      }
    }
    let here = try render(job, backslash: original.escapesBackslash)
    let there = try original.render(job)
    if there.page == nil { failures += 1 }
    switch compare(here, there) {
    case .same: continue
    case .known: known += 1
    case .different:
      differences += 1
      if differences > show { continue }
      let compatible = job.isCompatible ? " jinjaCompat" : ""
      print("--- seed \(seed) round \(round) options \(job.options)\(compatible)")
      for (name, source) in job.templates.sorted(by: { $0.key < $1.key }) {
        print("\(name): \(source.debugDescription)")
      }
      print("original: \(there.page?.debugDescription ?? there.error)")
      print("here:     \(here.page?.debugDescription ?? "\(here.error!)")")
    }
  }
  original.stop()
  print(
    "\(count) templates, \(failures) fail in the original, \(known) known differences, "
      + "\(differences) differences")
  exit(differences == 0 ? 0 : 1)
} catch {
  FileHandle.standardError.write(Data("nunjucks-difffuzz: \(error)\n".utf8))
  exit(2)
}
