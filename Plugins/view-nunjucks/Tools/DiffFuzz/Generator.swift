/// Random templates with everything the language has, for one round.
struct Generator {
  var expressions: Expressions
  /// Off while the included template itself is made.
  private var includes = true
  private var tags = Tags()
  private var depthOfLoops = 0

  /// The delimiters of this round.
  struct Tags {
    var block = ("{%", "%}")
    var variable = ("{{", "}}")
    var comment = ("{#", "#}")
  }

  struct Job {
    var templates: [String: String]
    /// `autoescape`, `trimBlocks`, `lstripBlocks`, `throwOnUndefined`.
    var options: [String: Bool]
    var tags: Tags?
    /// With `installJinjaCompat`.
    var isCompatible = false
  }

  init(seed: UInt64) { expressions = Expressions(random: Random(seed: seed)) }

  var random: Random {
    get { expressions.random }
    set { expressions.random = newValue }
  }

  mutating func job() -> Job {
    var custom: Tags?
    if random.chance(6) {
      tags = Tags(block: ("<%", "%>"), variable: ("<$", "$>"), comment: ("<#", "#>"))
      custom = tags
    }
    expressions.isCompatible = random.chance(10)
    var templates: [String: String] = [:]
    includes = false
    templates["inc"] = "(" + body(2) + ")"
    templates["dir/part"] = "<" + body(1) + tag("include \"./leaf\"") + ">"
    templates["dir/leaf"] = "leaf" + body(1)
    includes = true
    templates["lib"] =
      tag("macro f(x, y=2)") + "F" + print("x") + print("y") + print("n") + tag("endmacro")
      + tag("set q = \(expressions.any(1))") + tag("set _hidden = 1")
      + tag("macro g()") + "G" + print("q") + print("i") + tag("endmacro")
    if random.chance(30) {
      templates["base"] =
        body(1) + tag("block a") + body(2) + tag("endblock") + text() + tag("block b")
        + body(1) + tag("endblock") + body(1)
      templates["middle"] =
        tag("extends \"base\"") + tag("block b") + "mid" + print("super()") + body(1)
        + tag("endblock b")
      let parent = random.pick(["\"base\"", "\"middle\"", "\"middle\" if t else \"base\""])
      templates["main"] =
        tag("extends \(parent)") + body(1) + tag("block a")
        + (random.chance(50) ? print("super()") : "") + body(2) + tag("endblock")
        + (random.chance(40) ? tag("block b") + body(1) + print("super()") + tag("endblock") : "")
    } else {
      templates["main"] = body(3) + body(3)
    }
    var options: [String: Bool] = [:]
    if random.chance(20) { options["autoescape"] = false }
    if random.chance(15) { options["trimBlocks"] = true }
    if random.chance(15) { options["lstripBlocks"] = true }
    if random.chance(5) { options["throwOnUndefined"] = true }
    return Job(
      templates: templates, options: options, tags: custom,
      isCompatible: expressions.isCompatible)
  }

  // MARK: Pieces

  private mutating func text() -> String {
    random.pick(["a", " b ", "\n", "<p>", "x\n  ", "\tc\n", "", "  ", "\r\n", "é&", "\n\n  "])
  }

  private mutating func tag(_ body: String) -> String {
    "\(tags.block.0)\(dash()) \(body) \(dash())\(tags.block.1)"
  }

  private mutating func print(_ expression: String) -> String {
    // Behind a dash a minus sign would be part of it, and braces must not meet.
    "\(tags.variable.0)\(dash()) \(expression) \(dash())\(tags.variable.1)"
  }

  private mutating func dash() -> String { random.chance(12) ? "-" : "" }

  private mutating func body(_ depth: Int) -> String {
    (0..<(1 + random.below(3))).map { _ in statement(depth) }.joined()
  }

  private mutating func statement(_ depth: Int) -> String {
    if depth <= 0 || random.chance(40) {
      return text() + (random.chance(70) ? print(expressions.any(2)) : "")
    }
    let d = depth - 1
    switch random.below(17) {
    case 0, 1: return condition(d)
    case 2, 3, 4: return loop(d)
    case 5, 6:
      return tag("set \(random.pick(["x", "v", "y, x", "i"])) = \(expressions.any(2))")
    case 7: return tag("set \(random.pick(["x", "v"]))") + body(d) + tag("endset")
    case 8: return macro(d)
    case 9:
      return tag("macro wrap(x)") + "<" + print("caller(x)") + ">" + tag("endmacro")
        + tag("call\(random.pick(["(i)", "(i, v=2)"])) wrap(\(expressions.any(1)))") + body(d)
        + print("i") + tag("endcall")
    case 10:
      let filter = expressions.filter(.text).split(separator: "|")[0]
      return tag("filter \(filter)") + body(d) + tag("endfilter")
    case 11: return includes ? include() : text()
    case 12: return module()
    case 13: return choice()
    case 14: return asynchronous(d)
    case 15:
      return tag("shout \(random.pick(["", "2", "n"]))") + body(d) + tag("endshout")
    default:
      return random.pick([
        "\(tags.comment.0) c \(tags.comment.1)", "\(tags.comment.0)- c -\(tags.comment.1)",
        "{% raw %}{{ n }}{% endraw %}", "{% raw -%} {{ n }}\n{% endraw %} z",
        "{% verbatim %}{% if %}{% endverbatim %}", print("gfun(n, s)"), print("glob"), turns(d),
        print("gfun(b=1)"), nested(d),
      ]).replacingDelimiters(tags)
    }
  }

  private mutating func condition(_ d: Int) -> String {
    let word = random.pick(["elif", "elseif"])
    return tag("if \(expressions.any(2))") + body(d)
      + (random.chance(30) ? tag("\(word) \(expressions.any(1))") + body(d) : "")
      + (random.chance(50) ? tag("else") + body(d) : "") + tag("endif")
  }

  private mutating func loop(_ d: Int) -> String {
    if depthOfLoops > 1 { return text() }
    depthOfLoops += 1
    defer { depthOfLoops -= 1 }
    let (names, sequence) =
      random.chance(60)
      ? (random.pick(["i", "x"]), expressions.make(random.pick([.list, .records, .text]), 1))
      : (
        random.pick(["i, v", "a, b, c", "k, v"]),
        random.pick([
          "o", "keyed", "nest", "pairs", "o|dictsort", "[[1, 2], [3, 4]]", "w", "recs[0]", "u",
        ])
      )
    // What the original cannot have in an `else` is not put there.
    let otherwise = random.chance(30) ? tag("else") + text() + print(expressions.any(1)) : ""
    return tag("for \(names) in \(sequence)") + print("i")
      + print(
        "loop.\(random.pick(["index", "index0", "revindex", "revindex0", "first", "last", "length"]))"
      )
      + body(d) + otherwise + tag("endfor")
  }

  private mutating func macro(_ d: Int) -> String {
    let name = random.pick(["m", "m2"])
    let call = random.pick([
      expressions.any(1), "1, 2", "v=\(expressions.any(1))", "2, x=5", "1, 2, 3", "", "x=1, v=2",
    ])
    return tag("macro \(name)(x, v=\(expressions.any(1)))") + "[" + print("x") + print("v")
      + body(d) + (random.chance(40) ? print("caller(x) if caller") : "") + "]" + tag("endmacro")
      + print("\(name)(\(call))")
  }

  /// `cycler` and `joiner`, which count.
  private mutating func turns(_ d: Int) -> String {
    tag("set turn = cycler(\(random.pick(["1, 2", "s, n, t", ""])))")
      + tag("set comma = joiner(\(random.pick(["", "\"; \"", "\"\""])))")
      + tag("for i in l") + print("comma()") + print("turn.next()") + print("turn.current")
      + (random.chance(20) ? print("turn.reset()") : "") + tag("endfor") + print("turn.next()")
  }

  /// Loops in one another that look at each other's `loop`, and a macro that cannot.
  private mutating func nested(_ d: Int) -> String {
    tag("for a in nest") + tag("set outer = loop") + tag("for b in a")
      + print("outer.index ~ \".\" ~ loop.index ~ loop.last")
      + tag("if loop.first and not outer.last") + print("b") + tag("endif") + tag("endfor")
      + tag("macro deep(z=loop)") + print("z.index") + print("loop.index") + print("a")
      + tag("endmacro") + print("deep()") + tag("endfor")
  }

  private mutating func include() -> String {
    random.pick([
      tag("include \"inc\""), tag("include \"dir/part\""), tag("include \"none\" ignore missing"),
      tag("include \"in\" ~ \"c\""),
    ])
  }

  private mutating func module() -> String {
    let context = random.pick(["", "", " with context", " without context"])
    return random.chance(50)
      ? tag("import \"lib\" as L\(context)") + print("L.f(\(expressions.any(1)))") + print("L.q")
      : tag("from \"lib\" import f, g as h\(context)") + print("f(\(expressions.any(1)))")
        + print("h()")
  }

  private mutating func choice() -> String {
    tag("switch \(random.pick(["n", "s", "undef", "t", "num"]))") + tag("case 3") + simple()
      + tag("case \"abc\"") + (random.chance(60) ? simple() : "") + tag("case t") + simple()
      + (random.chance(80) ? tag("default") + simple() : "") + tag("endswitch")
  }

  /// A body of text and output alone.
  private mutating func simple() -> String { text() + print(expressions.any(1)) }

  private mutating func asynchronous(_ d: Int) -> String {
    switch random.below(4) {
    case 0:
      return tag("asyncEach i in \(random.pick(["l", "w", "recs"]))") + print("i") + simple()
        + tag("endeach")
    case 1: return tag("asyncAll i in w") + print("loop.index") + simple() + tag("endall")
    case 2: return tag("ifAsync \(expressions.any(1))") + simple() + tag("endif")
    default: return print("s|later") + print("\(expressions.make(.text, 1))")
    }
  }

  // MARK: Damage

  mutating func damaged(_ source: String) -> String {
    random.chance(40) ? damagedBytes(source) : damagedTokens(source)
  }

  private static let scraps = [
    "{%", "%}", "{{", "}}", "{#", "#}", "|", "(", ")", "[", "]", "{", "}", "\"", "'", "-", ".",
    ",", "r/", "end", "else", " in ", " is ", " if ", "not ", "\u{0}", "=", ":", "**", "é",
    "😀", "{% for ", "{% block ", "{% raw %}", "{% macro x(", "{% set ",
    "==", "!=", "//", "~", "*", "/", "%", "<=", ">", "+", "!", "@", ";", "\n", " and ", " or ",
    "none", "true", "loop", "endif", "endfor", "endset", "endblock", "endcall", "case", "default",
    "1.5", "1.", "x", "[]", "()", "from", "import", "include", "extends", "with", "without",
    "context", "ignore", "missing", "as", "elif", "super()", "caller()",
  ]

  private mutating func damagedBytes(_ source: String) -> String {
    var bytes = Array(source.utf8)
    for _ in 0..<(1 + random.below(4)) {
      let at = random.below(bytes.count + 1)
      switch random.below(4) {
      case 0: bytes.insert(contentsOf: Array(random.pick(Self.scraps).utf8), at: at)
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

  /// Words and signs taken out, put in, doubled and exchanged: what a person mistypes.
  private mutating func damagedTokens(_ source: String) -> String {
    var tokens = source.matches(
      of: /\{[%{#]-?|-?[%}#]\}|"[^"]*"|'[^']*'|\w+|\s+|[^\w\s]/
    ).map { String($0.output) }
    for _ in 0..<(1 + random.below(2)) where !tokens.isEmpty {
      let at = random.below(tokens.count)
      switch random.below(5) {
      case 0: tokens.remove(at: at)
      case 1: tokens.insert(random.pick(tokens), at: at)
      case 2: tokens.insert(random.pick(Self.scraps), at: at)
      case 3: tokens[at] = random.pick(Self.scraps)
      default: tokens.swapAt(at, random.below(tokens.count))
      }
    }
    return tokens.joined()
  }
}

extension String {
  /// Raw sections are looked for with the default delimiters, whatever the round's are: then there
  /// are none.
  fileprivate func replacingDelimiters(_ tags: Generator.Tags) -> String {
    tags.block.0 == "{%" || !contains("{%") ? self : ""
  }
}
