// nunjucks-difffuzz [--count N] [--seed S] [--mutate] [--node PATH] [--show N]
//
// Makes templates by a grammar, renders them here and with the original under node (one child
// process, a line of JSON each way), and prints where the two differ: in the page, or in whether
// there is one. With --mutate the sources are damaged first; then the point is that nothing traps
// or hangs, and differences are still printed.

import Foundation
import Nunjucks

let script = """
  const nunjucks = require('nunjucks');
  const rl = require('readline').createInterface({input: process.stdin});
  const probe = nunjucks.renderString('{{ "\\\\\\\\" }}', {});
  console.log(JSON.stringify({backslash: probe !== '\\\\'}));
  rl.on('line', line => {
    const job = JSON.parse(line);
    const loader = {getSource: name => name in job.templates
      ? {src: job.templates[name], path: name, noCache: true} : null};
    const env = new nunjucks.Environment(loader, job.options);
    let done = false;
    const answer = x => { if (!done) { done = true; console.log(JSON.stringify(x)); } };
    try {
      env.render('main', job.context, (err, res) => answer(
        err ? {error: String(err.message || err)} : {page: Buffer.from(res === null ? '' : res, 'utf8').toString('utf8')}));
      setTimeout(() => answer({error: 'no answer'}), 300).unref();
    } catch (e) { answer({error: String(e.message || e)}); }
  });
  """

struct Random {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
  mutating func below(_ count: Int) -> Int { Int(next() % UInt64(max(1, count))) }
  mutating func chance(_ percent: Int) -> Bool { below(100) < percent }
  mutating func pick<T>(_ items: [T]) -> T { items[below(items.count)] }
}

struct Generator {
  var random: Random
  /// Off while the included template itself is made.
  var includes = true

  static let context = """
    {"n":3,"z":0,"neg":-4,"f":2.5,"s":"abc","num":"7","e":"","t":true,"no":false,"nul":null,\
    "l":[1,2,3],"w":["b","a","<c>"],"o":{"a":1,"b":"two","c":[4,5]},"html":"<b>x & y</b>",\
    "u":"h\\u00e9llo \\ud83d\\ude00 \\u00df","nest":[[1,2],[3]],"long":"the quick brown fox jumps",\
    "recs":[{"k":"x","v":2,"on":true},{"k":"y","v":1},{"k":"x","v":3,"on":false}]}
    """

  static let names = [
    "n", "z", "neg", "f", "s", "num", "e", "t", "no", "nul", "l", "w", "o", "html", "u", "nest",
    "long", "recs", "undef", "x", "i", "v", "loop",
  ]

  mutating func literal() -> String {
    random.pick([
      "1", "0", "2.5", "10", "\"x\"", "'q'", "\"\"", "\"7\"", "true", "false", "none", "[1, \"a\"]",
      "[]", "{a: 1}", "{}", "\"a,b,c\"", "\"<i>\"", "\"Ab cD\"",
    ])
  }

  mutating func expression(_ depth: Int) -> String {
    if depth <= 0 || random.chance(25) {
      return random.chance(65) ? random.pick(Generator.names) : literal()
    }
    let d = depth - 1
    switch random.below(17) {
    case 0, 1, 2:
      let op = random.pick([
        "+", "-", "*", "/", "//", "%", "**", "~", "~", "==", "!=", "===", "!==", "<", ">", "<=",
        ">=", "and", "or", "in", "not in",
      ])
      return "\(expression(d)) \(op) \(expression(d))"
    case 3: return "(\(expression(d)))"
    case 4: return "not \(expression(d))"
    case 5: return "\(random.pick(["-", "+"]))\(random.pick(Generator.names))"
    case 6: return "\(expression(d)) if \(expression(d)) else \(expression(d))"
    case 7, 8, 9, 10: return "\(operand(d))|\(filter(d))"
    case 11:
      let test = random.pick([
        "defined", "undefined", "none", "even", "odd", "string", "number", "iterable", "mapping",
        "truthy", "falsy", "escaped", "callable", "divisibleby(2)", "eq(3)", "gt(1)", "lt(\"b\")",
        "ne(none)", "sameas(n)", "upper", "lower", "greaterthan(2)", "le(3)", "ge(3)",
      ])
      return "\(operand(d)) is \(random.chance(20) ? "not " : "")\(test)"
    case 12: return "\(random.pick(Generator.names))[\(expression(d))]"
    case 13:
      return random.pick([
        "o.a", "o.b", "o.c", "o[\"c\"][0]", "recs[0].k", "recs[1].on", "l.length", "s.length",
        "o.zz",
        "loop.index", "loop.last", "u.length", "nest[0][1]", "undef.x.y", "i.k", "x.y",
      ])
    case 14:
      return random.pick([
        "s.toUpperCase()", "s.split(\"b\")", "long.split(\" \").reverse().join(\"-\")",
        "l.indexOf(2)", "l.slice(1)", "s.replace(\"b\", \"$&$&\")", "range(\(random.below(5)))",
        "range(1, \(random.below(6)), 2)", "f.toFixed(1)", "n.toString(2)", "l.concat([4])",
        "long.substring(2, 7)", "u.charAt(6)", "long.match(r/(q)(u)/)", "s.includes(\"b\")",
        "l.join(\"/\")", "long.replace(r/[aeiou]/g, \"*\")", "w.concat(l).length", "s.slice(-2)",
        "s.padStart(6, \"xy\")", "long.search(r/o./)", "l.includes(2)", "nest.flat()",
        "long.split(r/\\s/)", "s.repeat(n)", "long.lastIndexOf(\"o\")", "u.at(-1)",
      ])
    case 15: return "[\(expression(d)), \(expression(d))]"
    default: return "{a: \(expression(d)), \"b c\": \(expression(d)) }"
    }
  }

  mutating func operand(_ depth: Int) -> String {
    random.chance(60) ? random.pick(Generator.names) : "(\(expression(depth)))"
  }

  mutating func filter(_ depth: Int) -> String {
    let simple = random.pick([
      "upper", "lower", "title", "capitalize", "trim", "length", "reverse", "first", "last", "sort",
      "list", "string", "int", "float", "abs", "round", "escape", "e", "safe", "forceescape",
      "striptags", "wordcount", "urlencode", "dump", "nl2br", "sum", "dictsort", "urlize", "join",
      "default(1)", "d(\"q\", true)", "join(\", \")", "replace(\"a\", \"_\")", "truncate(5)",
      "truncate(6, true)", "truncate(9, false, \"!\")", "center(12)", "indent(2)",
      "indent(2, true)",
      "round(1)", "round(0, \"floor\")", "round(1, \"ceil\")", "batch(2)", "batch(2, \"-\")",
      "slice(2)", "slice(2, \"-\")", "sort(true)", "sort(false, true)", "sort(attribute=\"v\")",
      "sort(reverse=true, attribute=\"k\")", "groupby(\"k\")", "selectattr(\"on\")",
      "rejectattr(\"on\")", "select(\"odd\")", "reject(\"even\")", "select", "sum(\"v\")",
      "join(\"-\", \"k\")", "dump(2)", "int(5)", "float(1.5)", "replace(r/[a-c]/g, \"<$&>\")",
      "replace(\"\", \".\")", "replace(\"b\", \"\", 1)", "dictsort(false, \"value\")",
      "striptags(true)", "default(none)", "int(0, 16)",
    ])
    return random.chance(15) ? "\(simple)|\(filter(depth))" : simple
  }

  mutating func text() -> String {
    random.pick(["a", " b ", "\n", "<p>", "x\n  ", "\tc\n", "", "  "])
  }

  mutating func open() -> String { random.chance(15) ? "{%-" : "{%" }
  mutating func close() -> String { random.chance(15) ? "-%}" : "%}" }

  mutating func tag(_ body: String) -> String { "\(open()) \(body) \(close())" }

  mutating func body(_ depth: Int, _ inBlock: Bool = false) -> String {
    (0..<(1 + random.below(3))).map { _ in statement(depth, inBlock) }.joined()
  }

  mutating func statement(_ depth: Int, _ inBlock: Bool = false) -> String {
    if depth <= 0 || random.chance(35) {
      return text()
        + (random.chance(70)
          ? "\(random.chance(15) ? "{{-" : "{{") \(expression(2)) \(random.chance(15) ? "-}}" : "}}")"
          : "")
    }
    let d = depth - 1
    switch random.below(15) {
    case 0, 1:
      return tag("if \(expression(2))") + body(d)
        + (random.chance(30) ? tag("elif \(expression(1))") + body(d) : "")
        + (random.chance(50) ? tag("else") + body(d) : "") + tag("endif")
    case 2, 3, 4:
      let names = random.pick(["i", "i", "x", "i, v", "a, b, c"])
      let sequence = random.pick([
        "l", "w", "recs", "o", "s", "nest", "range(3)", "[]", "undef", "recs|sort(attribute=\"v\")",
        "o|dictsort", "[[1, 2], [3, 4]]", "html|safe", "n", "u",
      ])
      return tag("for \(names) in \(sequence)") + "{{ i }}{{ loop.index }}" + body(d)
        + (random.chance(30) ? tag("else") + body(d) : "") + tag("endfor")
    case 5, 6: return tag("set \(random.pick(["x", "v", "n", "y, x", "i"])) = \(expression(2))")
    case 7: return tag("set \(random.pick(["x", "v"]))") + body(d) + tag("endset")
    case 8:
      let name = random.pick(["m", "m2"])
      return tag("macro \(name)(x, v=\(expression(1)))") + "[{{ x }}{{ v }}" + body(d)
        + (random.chance(40) ? "{{ caller(x) if caller }}" : "") + "]" + tag("endmacro")
        + "{{ \(name)(\(expression(1))) }}"
    case 9:
      return tag("macro w(x)") + "<{{ caller(x) }}>" + tag("endmacro")
        + tag("call(i) w(\(expression(1)))")
        + body(d) + "{{ i }}" + tag("endcall")
    case 10: return tag("filter \(filter(1).split(separator: "|")[0])") + body(d) + tag("endfilter")
    case 11: return includes ? tag("include \"inc\"") : text()
    case 12:
      return random.chance(50)
        ? tag("import \"lib\" as L\(random.chance(40) ? " with context" : "")")
          + "{{ L.f(\(expression(1))) }}"
        : tag("from \"lib\" import f, g as h\(random.chance(40) ? " with context" : "")")
          + "{{ f(\(expression(1))) }}{{ h() }}"
    case 13:
      return tag("switch \(random.pick(["n", "s", "undef", "t"]))") + tag("case 3") + body(0)
        + tag("case \"abc\"") + (random.chance(60) ? body(0) : "") + tag("case t") + body(0)
        + tag("default") + body(0) + tag("endswitch")
    default:
      return random.pick([
        "{# c #}", "{#- c -#}", "{% raw %}{{ n }}{% endraw %}",
        tag("asyncEach i in l") + "{{ i }}" + tag("endeach"),
        tag("asyncAll i in w") + "{{ loop.index }}" + tag("endall"),
      ])
    }
  }

  mutating func job() -> (templates: [String: String], options: [String: Bool]) {
    var templates: [String: String] = [:]
    includes = false
    templates["inc"] = "(" + body(2) + ")"
    includes = true
    templates["lib"] =
      tag("macro f(x, y=2)") + "F{{ x }}{{ y }}{{ n }}" + tag("endmacro")
      + tag("set q = \(expression(1))")
      + tag("macro g()") + "G{{ q }}{{ i }}" + tag("endmacro")
    if random.chance(30) {
      templates["base"] =
        body(1) + tag("block a") + body(2, true) + tag("endblock") + text() + tag("block b")
        + body(1, true) + tag("endblock") + body(1)
      templates["main"] =
        tag("extends \"base\"") + body(1) + tag("block a")
        + (random.chance(50) ? "{{ super() }}" : "")
        + body(2, true) + tag("endblock")
    } else {
      templates["main"] = body(3) + body(3)
    }
    var options: [String: Bool] = [:]
    if random.chance(20) { options["autoescape"] = false }
    if random.chance(15) { options["trimBlocks"] = true }
    if random.chance(15) { options["lstripBlocks"] = true }
    if random.chance(5) { options["throwOnUndefined"] = true }
    return (templates, options)
  }

  mutating func damaged(_ source: String) -> String {
    var bytes = Array(source.utf8)
    let scraps = [
      "{%", "%}", "{{", "}}", "{#", "#}", "|", "(", ")", "[", "]", "{", "}", "\"", "'", "-", ".",
      ",",
      "r/", "end", "else", " in ", " is ", " if ", "not ", "\\", "\u{0}", "=", ":", "**", "é", "😀",
    ]
    for _ in 0..<(1 + random.below(4)) {
      let at = random.below(bytes.count + 1)
      switch random.below(4) {
      case 0: bytes.insert(contentsOf: Array(random.pick(scraps).utf8), at: at)
      case 1 where at < bytes.count: bytes.remove(at: at)
      case 2 where at < bytes.count:
        bytes.removeSubrange(at..<min(bytes.count, at + 1 + random.below(12)))
      case 3 where at < bytes.count:
        let piece = Array(bytes[at..<min(bytes.count, at + 1 + random.below(20))])
        bytes.insert(contentsOf: piece, at: random.below(bytes.count + 1))
      default: break
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}

final class Original {
  private let process = Process()
  private let input = Pipe()
  private let output = Pipe()
  private var pending = Data()

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

  func line() throws -> TemplateValue {
    while true {
      if let end = pending.firstIndex(of: 0x0A) {
        let line = Array(pending[pending.startIndex..<end])
        pending = Data(pending[pending.index(after: end)...])
        return try TemplateValue(json: line)
      }
      let more = output.fileHandleForReading.availableData
      if more.isEmpty { throw TemplateError("node has gone") }
      pending.append(more)
    }
  }

  func ask(_ line: String) throws -> TemplateValue {
    input.fileHandleForWriting.write(Data((line + "\n").utf8))
    return try self.line()
  }

  func stop() { process.terminate() }
}

func quoted(_ text: String) throws -> String {
  String(decoding: try JSONEncoder().encode(text), as: UTF8.self)
}

func field(_ value: TemplateValue, _ name: String) -> TemplateValue? {
  if case .map(let map) = value { return map[name] }
  return nil
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
  guard case .bool(let backslash)? = field(try original.line(), "backslash") else { exit(2) }
  var differences = 0
  var failures = 0
  for round in 0..<count {
    var generator = Generator(random: Random(state: seed &* 1_000_003 &+ UInt64(round)))
    var (templates, settings) = generator.job()
    if mutate {
      templates["main"] = generator.damaged(templates["main"] ?? "")
      if generator.random.chance(30) {
        templates["inc"] = generator.damaged(templates["inc"] ?? "")
      }
    }
    var options = TemplateOptions()
    options.autoescape = settings["autoescape"] ?? true
    options.trimBlocks = settings["trimBlocks"] ?? false
    options.lstripBlocks = settings["lstripBlocks"] ?? false
    options.throwOnUndefined = settings["throwOnUndefined"] ?? false
    options.escapesBackslash = backslash
    let job =
      "{\"templates\":{"
      + (try templates.map { "\(try quoted($0.key)):\(try quoted($0.value))" }.joined(
        separator: ","))
      + "},\"options\":{" + settings.map { "\"\($0.key)\":\($0.value)" }.joined(separator: ",")
      + "},\"context\":\(Generator.context)}"
    let views = Environment(loaders: [MemoryLoader(templates)], options: options)
    var page: String?
    var failure = ""
    do {
      page = String(
        decoding: try views.render("main", try TemplateValue(json: Array(Generator.context.utf8))),
        as: UTF8.self)
    } catch {
      failure = "\(error)"
    }
    let answer = try original.ask(job)
    let expected = field(answer, "page")?.textView?.string
    if expected == nil { failures += 1 }
    if page == expected { continue }
    differences += 1
    if differences <= show {
      print("--- seed \(seed) round \(round) options \(settings)")
      for (name, source) in templates.sorted(by: { $0.key < $1.key }) {
        print("\(name): \(source.debugDescription)")
      }
      print(
        "original: \(expected?.debugDescription ?? field(answer, "error")?.textView?.string ?? "?")"
      )
      print("here:     \(page?.debugDescription ?? failure)")
    }
  }
  original.stop()
  print("\(count) templates, \(failures) fail in the original, \(differences) differences")
  exit(differences == 0 ? 0 : 1)
} catch {
  print(error)
  exit(2)
}
