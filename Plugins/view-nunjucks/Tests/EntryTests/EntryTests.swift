import Foundation
import Testing
import ViewTestSupport

enum Shared {
  private static let started = Result { try ProbeServer() }
  static func server() throws -> ProbeServer { try started.get() }
}

@Suite("nunjucks in an application") struct EntryTests {
  @Test func `locals of every kind are read and escaped`() throws {
    #expect(
      try Shared.server().render("values.njk").text
        == "given &lt;b&gt;|<i>safe</i>|0.5|true||x,y,z|Ada|w")
  }

  @Test(arguments: [
    ("{{ helper.greeting('Ada') }}", "Hello, Ada!"),
    ("{{ helper.greeting('<b>') }}", "Hello, &lt;b&gt;!"),
    ("{{ helper.bold('x') }}", "<b>x</b>"),
    ("{{ helper.color }}", "yellow"),
    ("{{ helper.pick({ key: 'k' }) }}", "k"),
    ("{{ helper.pick(key='word') }}", "word"),
    ("{{ helper.pick([1, 2]) }}", "a list"),
    ("{{ helper.pick(items) }}", "a list"),
    ("{% set greet = helper.greeting %}{{ greet('you') }}", "Hello, you!"),
    ("{{ helper.pathFor('named', { id: 5 }) }}", "/named/5"),
    ("{{ helper.urlFor('named', { id: 5 }) }}", "http://probe.test/named/5"),
    ("{{ helper.absent }}", ""),
    ("{{ 'Ada' | greeting }}", "Hello, Ada!"),
    ("{{ ctx.tenant.name }} {{ ctx.tenant.id + 1 }}", "acme 8"),
    ("{{ ctx.isAdmin('Ada') }} {{ ctx.isAdmin('Bob') }}", "true false"),
    ("{{ ctx.method }} {{ ctx.path }} {{ ctx.status }}", "GET /string 404"),
    ("{{ ctx.query.engine }}", "nunjucks"),
    ("{{ ctx.get('host') }} {{ request.host }}", "probe.test probe.test"),
    ("{{ ctx.request.method }} {{ ctx.helper.greeting('a') }}", "GET Hello, a!"),
    ("{{ ctx.state.shared }}", "state"),
    ("{{ request.isMobile }}", "false"),
    ("{{ request.ip }}", "127.0.0.1"),
    ("{{ ctx.absent }}", ""),
    ("{{ 'egg' | shout }} {{ 'egg' | shout(3) }}", "EGG! EGG!!!"),
    ("{{ [1, 2, 3] | sum }}", "6"),
    ("{{ helper.csrfTag() }}", ""),
  ])
  func `templates reach members of every unit`(template: String, page: String) throws {
    #expect(try Shared.server().string(template).text == page)
  }

  @Test func `a filter may suspend, and its page waits`() throws {
    let server = try Shared.server()
    for _ in 0..<3 {
      #expect(try server.render("waits.njk").text == "[slow egg] [slow y] Hello, Ada! 1")
    }
    #expect(
      try server.string("{{ 'x' | slow }} {{ 'Ada' | greeting }}").text == "slow x Hello, Ada!")
    #expect(
      try server.string("{{ 'x' | slow }} {% nosuch %}").message.contains(
        "unknown block tag: nosuch"))
  }

  @Test(arguments: [
    ("{{ 'abc' | backwards }}", "cba"), ("{{ '<b>' | safe | backwards }}", "&gt;b&lt;"),
    ("{{ 1 | next }}", "2"), ("{% for i in [1, 2] %}{{ i | next | next }}{% endfor %}", "34"),
    ("{{ 7 is prime }} {{ 8 is prime }}", "true false"),
    ("{{ argument_count(1, 2) }} {{ argument_count() }} {{ argument_count(x=1) }}", "2 0 1"),
    ("{{ answer }}", "42"),
    ("{% repeat 2 %}x{{ a }}{% endrepeat %}", "[r]x1[r]x1"),
    (
      "{% repeat 1 %}{{ given }}{% between %}<b>{% repeat 1 %}{{ 2 | next }}{% endrepeat %}{% endrepeat %}",
      "[r]given &lt;b&gt;[b]<b>[r]3"
    ),
    (
      "{% for i in [1, 2] %}{% repeat i %}{{ loop.index }}{% endrepeat %};{% endfor %}",
      "[r]1;[r]2[r]2;"
    ),
  ])
  func `a plugin in C adds filters, tests, functions, variables and tags`(
    template: String, page: String
  ) throws {
    #expect(try Shared.server().string(template).text == page)
  }

  @Test(arguments: [
    ("{{ 'egg' | swifter }} {{ 'egg' | swifter(3) }}", "EGG! EGG!!!"),
    ("{{ 1 | first_of_all(label='x') }} {{ 1 | first_of_all }}", "2 x 1 none"),
    ("{{ 'egg' is longer(2) }} {{ 'egg' is longer(3) }}", "true false"),
    ("{{ product(6, 7) }} {{ brand.name }}", "42 Egg &amp; Co"),
    ("{% twice 'b' %}{{ a }}{% then %}-{{ given }}{% endtwice %}", "<b>1-given &lt;b&gt;1</b>"),
    (
      "{% twice 'i' %}{% twice 'b' %}{{ a }}{% endtwice %}{% endtwice %}",
      "<i><b>11</b><b>11</b></i>"
    ),
    ("{% stamp 1, 2 %}{% stamp %}", "&lt;2&gt;&lt;0&gt;"),
    ("{{ 'x' | patiently }} {{ 'y' | patiently | swifter }}", "later x LATER Y!"),
  ])
  func `a Swift unit adds filters, tests, functions, variables and tags through the client module`(
    template: String, page: String
  ) throws {
    #expect(try Shared.server().string(template).text == page)
  }

  @Test func `an addition in Swift that fails fails the page with its message`() throws {
    let server = try Shared.server()
    #expect(
      try server.string("{{ 'x' | swifter('y') }}").message.contains("swifter: argument 2"))
    #expect(try server.string("{{ 'no' | patiently }}").message.contains("patience is over"))
    let inBody = try server.string("{% twice 'b' %}\n{{ 1 | nosuch }}{% endtwice %}").message
    #expect(inBody.contains("[Line 2, Column 8]"))
    #expect(inBody.contains("filter not found: nosuch"))
  }

  @Test func `an addition that fails fails the page, with the place of the mistake`() throws {
    let server = try Shared.server()
    #expect(try server.string("{{ 1 | backwards }}").message.contains("backwards: no text"))
    #expect(try server.string("{{ 'x' | next }}").message.contains("next: no number"))
    let inBody = try server.string("{% repeat 1 %}\n {{ 'x' | nosuch }}{% endrepeat %}").message
    #expect(inBody.contains("[Line 2, Column 11]"))
    #expect(inBody.contains("filter not found: nosuch"))
    #expect(try server.string("{% repeat %}x").message.contains("unexpected end of file"))
    #expect(
      try server.string("{% repeat %}x{% endrepeat %}").message.contains("repeat: no number"))
  }

  @Test func `lint finds mistakes, unknown filters and missing templates with their place`() throws
  {
    let server = try Shared.server()
    let (code, output) = try ProbeServer.egg(["lint"], in: server.folder)
    #expect(code == 1)
    let lines = output.split(separator: "\n").map(String.init)
    #expect(lines.contains("app/view/bad-filter.njk:2:10: filter not found: nosuch"), "\(output)")
    #expect(
      lines.contains {
        $0.hasPrefix("app/view/bad-name.njk:1:12: ")
          && $0.hasSuffix("template not found: absent.njk")
      })
    #expect(lines.contains { $0.hasPrefix("app/view/bad-syntax.njk") })
    #expect(!output.contains("page.njk") && !output.contains("bad-include"))
    #expect(lines.last?.contains("3 not checked") == true)

    let json = try ProbeServer.egg(["lint", "--json"], in: server.folder)
    let report =
      try JSONSerialization.jsonObject(with: Data(json.output.utf8)) as? [String: Any] ?? [:]
    let errors = report["errors"] as? [[String: Any]] ?? []
    #expect(errors.contains { $0["line"] as? Int == 2 && $0["column"] as? Int == 10 })
    #expect(report["skipped"] as? Int == 3)
  }

  @Test func `a failing member fails the page with its message`() throws {
    let server = try Shared.server()
    let helper = try server.string("{{ helper.refuse('no entry') }}")
    #expect(helper.status == 500)
    #expect(helper.message.contains("no entry"))
    #expect(helper.json["cause"] as? String == "no entry")
    #expect(try server.string("{{ 'x' | broken }}").message.contains("broken by x"))
    #expect(
      try server.string("{{ helper.slowly('x') }}").message
        .contains("helper.slowly may suspend, so that templates cannot call it"))
    #expect(
      try server.string("{{ ctx.absent() }}").message.contains("ctx.absent is not a function"))
    // The next page is none the worse.
    #expect(try server.string("{{ a }}").text == "1")
  }

  @Test func `an error names template, line and column, and the file for the log`() throws {
    let server = try Shared.server()
    let error = try server.render("bad-filter.njk").json
    let places = error["properties"] as? [String: Any] ?? [:]
    #expect(error["code"] as? String == "EGG_TEMPLATE")
    #expect((error["message"] as? String)?.contains("(bad-filter.njk) [Line 2, Column ") == true)
    #expect((error["message"] as? String)?.contains("filter not found: nosuch") == true)
    #expect(places["template"] as? String == "bad-filter.njk")
    #expect(places["line"] as? Int == 2)
    #expect(
      (error["detail"] as? String)?.hasPrefix("\(server.folder.path)/app/view/bad-filter.njk:2:")
        == true)
    let included = try server.render("bad-include.njk")
    #expect(included.message.contains("(bad-include.njk)"))
    #expect(
      (included.json["properties"] as? [String: Any])?["template"] as? String == "bad-filter.njk")
    let syntax = try server.render("bad-syntax.njk").json
    #expect((syntax["properties"] as? [String: Any])?["template"] as? String == "bad-syntax.njk")
  }

  @Test func `includes find templates in the roots and nowhere else`() throws {
    let server = try Shared.server()
    #expect(try server.render("page.njk").text == "<html>part Ada</html>")
    #expect(try server.render("bad-name.njk").message.contains("template not found: absent.njk"))
    #expect(try server.render("escape.njk").message.contains("template not found"))
  }

  @Test func `a changed template is seen without the cache, and not with it`() throws {
    for (cache, page) in [(true, "plain 1"), (false, "changed 1")] {
      let server = try ProbeServer(#"{ "nunjucks": { "cache": \#(cache) } }"#)
      #expect(try server.render("plain.njk").text == "plain 1")
      try server.write("changed {{ a }}", to: "app/view/plain.njk")
      #expect(try server.render("plain.njk").text == page)
    }
  }

  @Test func `the settings reach the engine`() throws {
    let raw = try ProbeServer(#"{ "nunjucks": { "autoescape": false, "trimBlocks": true } }"#)
    #expect(try raw.string("{% if a %}\n{{ given }}{% endif %}").text == "given <b>")
    let strict = try ProbeServer(
      #"{ "nunjucks": { "throwOnUndefined": true, "tags": { "variableStart": "<$", "variableEnd": "$>" } } }"#
    )
    #expect(try strict.string("<$ a $> {{ a }}").text == "1 {{ a }}")
    #expect(try strict.string("<$ absent $>").status == 500)
    #expect { try ProbeServer(#"{ "nunjucks": { "autoescape": 1 } }"#) } throws: {
      "\($0)".contains("config.nunjucks: autoescape")
    }
  }
}
