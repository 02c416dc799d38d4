import Nunjucks
import Testing

func page(
  _ templates: [String: String], _ context: TemplateValue = .undefined,
  options: TemplateOptions = TemplateOptions()
) throws(TemplateError) -> String {
  let views = Environment(loaders: [MemoryLoader(templates)], options: options)
  return String(decoding: try views.render("main", context), as: UTF8.self)
}

func failure(
  _ templates: [String: String], _ context: TemplateValue = .undefined,
  options: TemplateOptions = TemplateOptions()
) -> TemplateError? {
  do throws(TemplateError) {
    _ = try page(templates, context, options: options)
    return nil
  } catch {
    return error
  }
}

@Suite struct ErrorTests {
  @Test(arguments: [
    ("{{ f ( 1 ) }}", 1, 6), ("a\n{{ b.c.d() }}", 2, 9), ("\n\n{{ range(1)|nope }}", 3, 13),
    ("{{ foo\n(1) }}", 2, 1), ("\n{{ x is nosuch }}", 2, 6), ("é😀{{ x.y() }}", 1, 10),
    ("{{ nofn(range(2)) }}", 1, 8), ("a\n  {{ 1 in 5 }}", 2, 6),
    ("x {% include \"nope\" %}", 1, 14), ("{% block a %}\n{{ super() }}{% endblock %}", 2, 9),
    ("a\n {#", 2, 2), ("a #} b", 1, 3),
  ])
  func `a run-time failure names the place of the failing expression`(
    _ source: String, _ line: Int, _ column: Int
  ) {
    let error = failure(["main": source])
    #expect(error?.line == line)
    #expect(error?.column == column)
    #expect(error?.template == "main")
  }

  // The original reads on behind a stray token and a missing index, and reports what it finds there.
  @Test(arguments: [
    ("{{ )(f }}", 8, "parseSignature: expected comma after expression"),
    ("{{ =[1,2] }}", 11, "invalid index"),
    ("{% include l[] %}{%> x %}", 20, "tag name expected"),
    ("{{ a[] }} {{ 1 2 }}", 16, "expected variable end"),
    ("{{ a[] }}", 5, "an index is missing"),
    ("{{ a.r/b/g }}", 6, "expected name as lookup value, got [object Object]"),
    ("{% macro m(a, b==1) %}{% endmacro %}", 16, "assertType: invalid type: Compare"),
    ("{{ {a: }.b }}", 4, "parseAggregate: expected comma after expression"),
    ("{{ a\"b }} {{ 1 2 }}", 16, "expected variable end"),
    ("{{ |[1]|upper x }}", 15, "expected variable end"),
    ("{% if (x is odd)=1 %}", 18, "expected block end in if statement"),
    ("{{ f(a is odd=1) }}", 6, "compilePair: Dict keys must be strings or names"),
    ("{{ (a).}", 8, "expected name as lookup value, got }"),
    ("{{ {a\"b\": a\"b} }}", 11, "a name has no quotes: a\"b"),
  ])
  func `the first mistake that is reported is the original's`(
    _ source: String, _ column: Int, _ cause: String
  ) {
    let error = failure(["main": source])
    #expect(error?.cause == cause)
    #expect(error?.column == column)
  }

  @Test func `a failure after an include is placed in its own template`() {
    let error = failure(["main": "{% include \"i\" %}\n\n{{ foo() }}", "i": "\n\n{{ range(1) }}"])
    #expect(error?.chain.count == 1)
    #expect(error?.line == 3)
    #expect(error?.column == 7)
  }

  @Test func `a failure shows the chain of templates`() {
    let error = failure([
      "main": "x\n{% include \"a\" %}", "a": "\n{% include \"b\" %}", "b": "\n\n   {{ z.q() }}",
    ])
    #expect(error?.chain.map(\.template) == ["main", "a", "b"])
    #expect(error?.chain.map(\.line) == [2, 2, 3])
    #expect(
      error?.description == """
        (main) [Line 2, Column 12]
          Template render error: (a) [Line 2, Column 12]
          Template render error: (b) [Line 3, Column 10]
          Error: Unable to call `z["q"]`, which is undefined or falsey
        """)
  }

  @Test func `a syntax error in an included template has its place there`() {
    let error = failure(["main": "x\n{% include \"i\" %}", "i": "y\n\n{% nosuchtag %}"])
    #expect(error?.chain.map(\.template) == ["main", "i"])
    #expect(error?.line == 3)
    #expect(error?.column == 4)
    #expect(error?.cause == "unknown block tag: nosuchtag")
  }

  @Test func `two templates that extend each other are named`() {
    let error = failure(["main": "{% extends \"b\" %}", "b": "{% extends \"main\" %}"])
    #expect(error?.cause == "\"main\" extends itself: main -> b -> main")
  }

  @Test func `a missing template is named with the one that wanted it`() {
    let error = failure(["main": "{% extends \"a\" %}", "a": "\n{% import \"gone\" as x %}"])
    #expect(error?.kind == .notFound)
    #expect(error?.cause == "template not found: gone")
    #expect(error?.chain.map(\.template) == ["main", "a"])
  }

  @Test func `a template outside the folders is refused`() {
    let views = Environment(loaders: [FileLoader(roots: ["/usr/share"])])
    for name in ["../etc/passwd", "a/../../x", "/../etc/passwd", "x\0y"] {
      #expect(throws: TemplateError.self) { try views.render(name) }
    }
  }

  @Test func `an error of a Swift filter keeps its text and gets a place`() {
    struct Broken: Error, CustomStringConvertible { let description = "the printer is on fire" }
    let views = Environment(loaders: [MemoryLoader(["main": "\n{{ 1|burn }}"])])
    views.addFilter("burn") { _ in throw Broken() }
    do throws(TemplateError) {
      _ = try views.render("main")
      Issue.record("it should fail")
    } catch {
      #expect(error.cause == "the printer is on fire")
      #expect(error.line == 2)
      #expect(error.column == 6)
    }
  }
}

@Suite struct LimitTests {
  private func limited(_ change: (inout TemplateLimits) -> Void) -> TemplateOptions {
    var options = TemplateOptions()
    change(&options.limits)
    return options
  }

  @Test(arguments: [
    ["main": "{% include \"main\" %}"],
    ["main": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"],
    ["main": "{% import \"main\" as m %}"],
    ["main": "{% include \"b\" %}", "b": "{% include \"main\" %}"],
    [
      "main": "{% macro a() %}[{{ caller() }}]{% endmacro %}{% macro b() %}{% call a() %}"
        + "({{ caller() }}){% endcall %}{% endmacro %}{% call b() %}X{% endcall %}"
    ],
  ])
  func `endless nesting ends with a limit`(_ templates: [String: String]) {
    #expect(failure(templates)?.kind == .limit)
  }

  @Test func `the output has a limit`() {
    let options = limited { $0.outputBytes = 10 << 20 }
    let source = "{% for i in range(2000000) %}0123456789{% endfor %}"
    #expect(failure(["main": source], options: options)?.kind == .limit)
    let fits = "{% for i in range(1000) %}0123456789{% endfor %}"
    #expect((try? page(["main": fits], options: options))?.count == 10_000)
  }

  @Test(arguments: [
    "{% set s = \"x\" %}{% for i in range(60) %}{% set s = s ~ s %}{% endfor %}",
    "{{ \"ab\".repeat(4000000000) }}", "{{ \"a\"|center(999999999999) }}",
    "{{ \"a\"|indent(99999999999, true) }}", "{{ \"a\".padStart(9999999999) }}",
    "{{ [1]|batch(99999999999, 1) }}", "{{ [1]|slice(99999999999) }}",
    "{{ range(1e99)|length }}{{ range(99999999999)|length }}",
    "{% set l = [] %}{% for i in range(100000) %}{% set x = l.push(l|join) %}{% endfor %}",
    "{{ \"aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa!\".match(r/^(a+)+$/) }}",
    "{% set l = [1] %}{% for i in l %}{% set x = l.push(1) %}{% endfor %}",
    "{% set s = \"aaaaaaaaaa\" %}{% for i in range(20) %}{% set s = s|replace(\"a\", s) %}{% endfor %}",
  ])
  func `nothing a template does takes unbounded time or memory`(_ source: String) {
    let options = limited {
      $0.steps = 2_000_000
      $0.outputBytes = 8 << 20
      $0.memoryBytes = 64 << 20
    }
    #expect(failure(["main": source], options: options) != nil)
  }

  @Test func `deep nesting of syntax is refused, not overrun`() {
    let many = 100_000
    for source in [
      "{{ " + String(repeating: "(", count: many) + " }}",
      "{{ " + String(repeating: "[", count: many) + " }}",
      "{{ " + String(repeating: "not ", count: many) + "x }}",
      "{{ " + String(repeating: "-", count: many) + "x }}",
      "{{ x" + String(repeating: "|upper", count: many) + " }}",
      "{{ x" + String(repeating: ".y", count: many) + " }}",
      "{{ 1" + String(repeating: " + 1", count: many) + " }}",
      "{{ 1" + String(repeating: " or 1", count: many) + " }}",
      "{{ 1" + String(repeating: " < 1", count: many) + " }}",
      String(repeating: "{% if x %}", count: many),
      String(repeating: "{% for x in y %}", count: many),
    ] {
      #expect(failure(["main": source]) != nil)
    }
    let chain = "{% if 0 %}" + String(repeating: "{% elif 0 %}", count: 5000) + "{% endif %}ok"
    #expect((try? page(["main": chain])) == "ok")
  }

  @Test func `a list inside itself can be printed and dumped`() throws {
    #expect(try page(["main": "{% set l = [1] %}{% set x = l.push(l) %}{{ l.length }}"]) == "2")
    #expect(failure(["main": "{% set l = [1] %}{% set x = l.push(l) %}{{ l|dump }}"]) != nil)
  }

  @Test func `an environment goes on after a failure`() throws {
    let views = Environment(
      loaders: [
        MemoryLoader(["bad": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}", "good": "{{ x }}"])
      ])
    for _ in 0..<3 {
      #expect(throws: TemplateError.self) { try views.render("bad") }
      #expect(try views.render("good", ["x": 1]) == Array("1".utf8))
    }
  }
}
