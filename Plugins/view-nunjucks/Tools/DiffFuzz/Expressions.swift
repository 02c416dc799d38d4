/// Random expressions. Operands mostly have the kind their filter or operator wants, so that pages
/// come out; now and then they do not, so that errors do too.
struct Expressions {
  enum Kind: CaseIterable { case text, number, list, records, map, flag }

  var random: Random
  /// Whether this round has what `installJinjaCompat` adds.
  var isCompatible = false

  static let context = """
    {"n":3,"z":0,"neg":-4,"f":2.5,"big":12345678,"tiny":1e-7,"s":"abc","num":"7","e":"","t":true,\
    "no":false,"nul":null,"l":[1,2,3],"w":["b","a","<c>","B"],"o":{"a":1,"b":"two","c":[4,5]},\
    "keyed":{"10":"ten","2":"two","x":"y"},"html":"<b>x & y</b> \\\\ 'q'","empty":[],\
    "u":"h\\u00e9llo \\ud83d\\ude00 \\u00df","nest":[[1,2],[3]],"pairs":[["a",1],["b",2]],\
    "long":"the quick brown fox  jumps\\nover it","link":"see http://a.example/x, www.b.org (or) m@c.net",\
    "holes":[1,null,"",0,false,"x"],"recs":[{"k":"x","v":2,"on":true,"in":{"d":1}},\
    {"k":"y","v":1,"in":{"d":0}},{"k":"x","v":3,"on":false,"in":{"d":2}}]}
    """

  private static let names: [Kind: [String]] = [
    .text: ["s", "num", "e", "html", "u", "long", "link", "o.b", "recs[0].k", "x"],
    .number: ["n", "z", "neg", "f", "big", "tiny", "l.length", "o.a", "nest[0][1]", "loop.index"],
    .list: ["l", "w", "nest", "empty", "holes", "o.c", "pairs", "l"],
    .records: ["recs", "recs", "recs|sort(attribute=\"v\")", "recs|reverse"],
    .map: ["o", "keyed", "recs[0]", "recs[1]", "{a: n, \"b c\": s}", "{}"],
    .flag: ["t", "no", "nul", "undef", "loop.first", "recs[1].on"],
  ]

  private static let literals: [Kind: [String]] = [
    .text: [
      "\"x\"", "'q'", "\"\"", "\"7\"", "\"a,b,c\"", "\"<i>\"", "\"Ab cD\"", "'\\n'", "\"é\"",
    ],
    .number: ["1", "0", "2.5", "10", "007", "3.", "100000000000000000000000"],
    .list: ["[1, \"a\"]", "[]", "[3, 1, 2]", "[\"b\", \"A\"]", "[none, undef]", "range(3)"],
    .records: ["[{k: \"q\", v: 1}]"],
    .map: ["{a: 1}", "{}", "{\"2\": 1, \"1\": 2}"],
    .flag: ["true", "false", "none"],
  ]

  mutating func any(_ depth: Int) -> String { make(random.pick(Kind.allCases), depth) }

  /// A value of `kind`, or, one time in twelve, of any other.
  mutating func make(_ wanted: Kind, _ depth: Int) -> String {
    let kind = random.chance(8) ? random.pick(Kind.allCases) : wanted
    if depth <= 0 || random.chance(30) {
      return random.pick((random.chance(70) ? Self.names : Self.literals)[kind] ?? [])
    }
    if isCompatible, random.chance(25) { return compatible(kind) }
    if random.chance(8) { return "(\(make(kind, depth - 1)))" }
    if random.chance(7) {
      let otherwise = random.chance(80) ? " else \(make(kind, depth - 1))" : ""
      return "(\(make(kind, depth - 1)) if \(any(depth - 1))\(otherwise))"
    }
    switch kind {
    case .text: return text(depth - 1)
    case .number: return number(depth - 1)
    case .list: return list(depth - 1)
    case .records: return records(depth - 1)
    case .map: return random.pick(["{a: \(any(depth - 1)), \"b c\": n }", "{ k: s }", "keyed"])
    case .flag: return flag(depth - 1)
    }
  }

  private mutating func operand(_ kind: Kind, _ depth: Int) -> String {
    let made = make(kind, depth)
    return made.allSatisfy { $0.isLetter || $0 == "." } ? made : "(\(made))"
  }

  /// What there is with `installJinjaCompat` only.
  private mutating func compatible(_ kind: Kind) -> String {
    // Never undefined, as variables are in imports: the original then makes a list without end.
    let bounds = ["", "0", "1", "2", "-1", "-2", "9"]
    let slice =
      "[\(random.pick(bounds)):\(random.pick(bounds))\(random.pick(["", "", ":2", ":-1", ":1"]))]"
    switch kind {
    case .text:
      return random.pick(["s\(slice)|join", "(l\(slice))|join", "w.pop()", "keyed.get(\"2\")"])
    case .number:
      return random.pick(["l.count(2)", "w.index(\"a\")", "l.find(3)", "o.get(\"a\", 1)"])
    case .list:
      return random.pick([
        "l\(slice)", "w\(slice)", "o.items()", "o.keys()", "o.values()", "[].concat(l)\(slice)",
        "keyed.items()", "recs\(slice)",
      ])
    case .records: return "recs\(slice)"
    case .map: return random.pick(["recs[0]", "{a: True, b: None, c: False}"])
    case .flag:
      return random.pick(["True", "False", "None", "o.has_key(\"a\")", "keyed.has_key(2)"])
    }
  }

  private mutating func text(_ d: Int) -> String {
    switch random.below(9) {
    case 0, 1: return "\(operand(.text, d))|\(filter(.text))"
    case 2:
      return
        "\(operand(.list, d))|\(random.pick(["join", "join(\", \")", "join(\"-\")", "dump", "join(n)", "string", "dump(2)", "urlencode", "e"]))"
    case 3: return "\(any(d)) ~ \(any(d))"
    case 4: return "\(operand(.records, d))|join(\"-\", \"\(random.pick(["k", "v", "zz"]))\")"
    case 5:
      return random.pick([
        "s.toUpperCase()", "long.split(\" \").reverse().join(\"-\")", "s.replace(\"b\", \"$&$&\")",
        "f.toFixed(1)", "n.toString(2)", "long.substring(2, 7)", "u.charAt(6)", "s.slice(-2)",
        "long.replace(r/[aeiou]/g, \"*\")", "s.padStart(6, \"xy\")", "s.repeat(n)", "u.at(-1)",
        "u[6] ~ u[7]", "s.concat(n, t)", "long.substr(-4, 2)", "s.trim()", "u.toUpperCase()",
        "long.replace(r/(q)(u)/, \"$2$1\")", "big.toPrecision(3)", "f.toExponential(2)", "s[1]",
        "long.match(r/(q)(u)/)", "long.replace(\"o\", \"0\")", "num.padEnd(3, 0)", "n.toFixed(2)",
        "s.split(\"\")", "u.split(\"\").reverse().join(\"\")", "s.normalize()", "l.toString()",
      ])
    case 6:
      return "\(operand(.map, d))|\(random.pick(["dump", "urlencode", "string", "e", "dump(1)"]))"
    case 7:
      return "\(operand(.number, d))|\(random.pick(["string", "e", "dump", "center(6)", "safe"]))"
    default: return "\(make(.text, d)) + \(make(.text, d))"
    }
  }

  private mutating func number(_ d: Int) -> String {
    switch random.below(6) {
    case 0, 1:
      let op = random.pick(["+", "-", "*", "/", "//", "%", "**"])
      // Powers that are not exact have other last digits; see docs/nunjucks-differences.md.
      let right = op == "**" ? random.pick(["2", "0", "1"]) : make(.number, d)
      return op == "**" ? "(n + z) ** \(right)" : "\(make(.number, d)) \(op) \(right)"
    case 2: return "\(operand(.number, d))|\(filter(.number))"
    case 3: return "\(random.pick(["-", "+"]))\(operand(.number, 0))"
    case 4:
      let kind = random.pick([Kind.text, .list, .records, .map])
      return "\(operand(kind, d))|length"
    default:
      return random.pick([
        "l.indexOf(2)", "long.search(r/o./)", "long.lastIndexOf(\"o\")", "w.concat(l).length",
        "l|sum", "recs|sum(\"v\")", "u.length", "s.charCodeAt(1)", "num|int", "num|float(1.5)",
        "\"ff\"|int(0, 16)", "\"zz\"|int(5)", "l|sum(none, 3)", "\"12px\"|int", "\"1e3\"|float",
        "s.localeCompare(\"abc\")", "u.codePointAt(6)", "long|wordcount", "x|int(default=4)",
      ])
    }
  }

  private mutating func list(_ d: Int) -> String {
    switch random.below(7) {
    case 0, 1: return "\(operand(.list, d))|\(filter(.list))"
    case 2: return "[\(any(d)), \(any(d))]"
    case 3: return "\(operand(.text, d))|list"
    case 4:
      if random.chance(30) { return "\(operand(.records, d))|groupby(\"k\")|dictsort" }
      return
        "\(operand(.map, d))|\(random.pick(["dictsort", "list", "dictsort(true)", "dictsort(false, \"value\")"]))"
    case 5:
      return "\(operand(.records, d))|\(random.pick(["batch(2)", "slice(2)", "batch(2, \"-\")"]))"
    default:
      return random.pick([
        "l.slice(1)", "l.concat([4])", "nest.flat()", "long.split(r/\\s/)", "range(1, 6, 2)",
        "range(5, 0, -2)", "range(n)", "l.map(m)", "w.slice(-2, -1)", "s.split(\"b\")",
        "l.filter(m)", "[].concat(l, nest)", "long.match(r/o/g)", "[1, 2].reverse()",
        "[3, 1, 10].sort()", "range(0.5, 3)",
      ])
    }
  }

  private mutating func records(_ d: Int) -> String {
    "\(operand(.records, d))|"
      + random.pick([
        "sort(attribute=\"v\")", "sort(reverse=true, attribute=\"k\")", "selectattr(\"on\")",
        "rejectattr(\"on\")", "reverse", "list", "sort(false, false, \"in.d\")", "select",
        "sort(true, true, \"k\")", "selectattr(\"in\")", "rejectattr(\"zz\")",
        "sort(attribute=\"in.d\")",
      ])
  }

  private mutating func flag(_ d: Int) -> String {
    switch random.below(7) {
    case 0:
      let op = random.pick(["==", "!=", "===", "!==", "<", ">", "<=", ">="])
      let kind = random.pick(Kind.allCases)
      return "\(make(kind, d)) \(op) \(make(kind, d))"
    case 1: return "not \(any(d))"
    case 2: return "\(any(d)) \(random.pick(["and", "or"])) \(any(d))"
    case 3:
      return
        "\(any(d)) \(random.pick(["in", "not in"])) \(make(random.pick([.list, .text, .map]), d))"
    case 4, 5:
      let no = random.chance(20) ? "not " : ""
      if random.chance(30) {
        return "\(operand(.number, d)) is \(no)"
          + random.pick([
            "even", "odd", "divisibleby(2)", "gt(1)", "lt(3)", "ge(3)", "le(3)", "greaterthan(2)",
            "lessthan(9)", "eq(3)", "equalto(n)", "ne(3)", "sameas(n)", "number",
          ])
      }
      if random.chance(30) {
        return "\(operand(.text, d)) is \(no)"
          + random.pick(["upper", "lower", "string", "escaped"])
      }
      return "\(operand(random.pick(Kind.allCases), d)) is \(no)"
        + random.pick([
          "defined", "undefined", "none", "null", "string", "number", "mapping", "truthy", "falsy",
          "escaped", "callable", "ne(none)", "sameas(n)", "eq(\"x\")",
        ])
    default:
      return random.pick([
        "s.includes(\"b\")", "l.includes(2)", "s.startsWith(\"a\")", "u.endsWith(\"ß\")",
        "r/^a/.test(s)", "l.some(m)", "o.hasOwnProperty(\"a\")", "glob == 5", "n is three",
      ])
    }
  }

  mutating func filter(_ kind: Kind) -> String {
    switch kind {
    case .number:
      return random.pick([
        "abs", "round", "round(1)", "round(0, \"floor\")", "round(1, \"ceil\")", "int", "float",
        "default(1)", "d(2, true)", "string", "int(5)", "abs|round", "twice",
      ])
    case .list:
      return random.pick([
        "reverse", "sort", "sort(true)", "sort(false, true)", "batch(2)", "batch(2, \"-\")",
        "slice(2)", "slice(2, \"-\")", "slice(3, n)", "select(\"odd\")", "reject(\"even\")",
        "select", "reject", "first", "last", "list", "select(\"gt\", 1)", "reject(\"undefined\")",
        "default([])", "groupby(\"length\")", "selectattr(\"length\")", "batch(3)|first",
      ])
    default:
      return random.pick([
        "upper", "lower", "title", "capitalize", "trim", "reverse", "first", "last", "string",
        "escape", "e", "safe", "forceescape", "striptags", "striptags(true)", "urlencode", "dump",
        "nl2br", "urlize", "urlize(8, true)", "default(1)", "d(\"q\", true)",
        "replace(\"a\", \"_\")", "replace(\"\", \".\")", "replace(\"b\", \"\", 1)",
        "replace(r/[a-c]/g, \"<$&>\")", "replace(\"o\", n, 2)", "truncate(5)", "truncate(6, true)",
        "truncate(9, false, \"!\")", "truncate(4, true, none)", "center(12)", "indent(2)",
        "indent(2, true)", "indent", "length", "wordcount", "int", "float", "list|join(\"/\")",
        "e|upper", "safe|replace(\"<\", \"(\")", "safe|trim", "safe|title", "twice", "loud(2)",
      ])
    }
  }
}
