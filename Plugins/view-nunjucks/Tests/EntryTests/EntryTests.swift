import Foundation
import Testing
import ViewTestSupport

enum Shared {
  nonisolated(unsafe) private static let started = Result { try ProbeServer() }
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
    #expect(try server.string("{{ 'x' | slow }}").message.contains("answers later"))
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
