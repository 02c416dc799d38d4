import Foundation
import Testing
import ViewTestSupport

/// One server for the tests that change nothing.
enum Shared {
  private static let started = Result { try ProbeServer() }
  static func server() throws -> ProbeServer { try started.get() }
}

@Suite("view") struct RenderTests {
  @Test func `render makes the page the body, renderView gives it back`() throws {
    let server = try Shared.server()
    let page = try server.render("page.njk")
    #expect(page.status == 200 && page.text == "<html>part Ada</html>")
    #expect(page["Content-Type"] == "text/html; charset=utf-8")
    #expect(try server.get("/view?name=plain.njk").text == "[plain 1]")
    #expect(try server.get("/call?name=plain.njk").text == "plain 1")
  }

  @Test(arguments: [
    ("plain.njk", "plain 1"), ("plain", "plain 1"), ("./sub/../plain", "plain 1"),
    ("/plain.njk", "plain 1"), ("deep/er/file", "deep"), ("second", "second root"),
    ("v1.2", "dotted"),
  ])
  func `a template is found by its name, then with the default extension, in root after root`(
    name: String, page: String
  ) throws {
    #expect(try Shared.server().render(name).text == page)
  }

  @Test(arguments: [
    "absent", "../config/config.default.json", "sub/../../config/config.default.json",
    "/../egg.json", "sub", "", ".", "deep/er",
  ])
  func `what is not there or outside of the roots cannot be found`(name: String) throws {
    let server = try Shared.server()
    let answer = try server.render(name)
    let roots = "\(server.folder.path)/app/view,\(server.folder.path)/other"
    #expect(answer.status == 500)
    #expect(answer.message == "Can't find \(name) from \(roots)")
  }

  @Test func `a link out of the roots is not followed`() throws {
    let server = try ProbeServer()
    let link = server.folder.appendingPathComponent("app/view/passwd.njk")
    try FileManager.default.createSymbolicLink(
      atPath: link.path, withDestinationPath: "/etc/passwd")
    #expect(try server.render("passwd.njk").message.hasPrefix("Can't find passwd.njk from "))
  }

  @Test func `the engine is the one asked for, else that of the extension, else the default`()
    throws
  {
    let server = try ProbeServer(#"{ "view": { "defaultViewEngine": "upper" } }"#)
    #expect(try server.render("plain.njk", engine: "upper").text == "PLAIN {{ A }}")
    #expect(try server.render("loud.up").text == "HELLO <B>UPPER</B> {{ A }}")
    #expect(try server.render("thing.txt").text == "X")
    #expect(try server.string("abc", engine: nil).text == "ABC")
    #expect(try server.string("{{ a }}").text == "1")
  }

  @Test func `without an engine the error says for what`() throws {
    let server = try Shared.server()
    #expect(
      try server.render("thing.txt").message
        == "Can't find viewEngine for \(server.folder.path)/app/view/thing.txt")
    #expect(try server.render("thing.gone").message == "Can't find ViewEngine \"nobody\"")
    #expect(
      try server.render("plain.njk", engine: "other").message == "Can't find ViewEngine \"other\"")
    #expect(try server.string("abc", engine: nil).message == "Can't find viewEngine")
  }

  @Test func `an engine may answer later, and may refuse`() throws {
    let server = try Shared.server()
    #expect(try server.render("later.up").text == "HELLO LATER")
    #expect(try server.get("/view?name=later.up").text == "[HELLO LATER]")
    let refused = try server.render("fails.up")
    #expect(refused.status == 502)
    #expect(refused.json["code"] as? String == "UPPER")
    #expect(refused.message == "upper fails")
  }

  @Test func `locals are ctx, request, helper, then the state, then what is given`() throws {
    let server = try Shared.server()
    #expect(
      try server.string("{{ site }} {{ shared }} {{ layer }}").text == "probe state given")
    #expect(try server.string("{{ ctx.path }} {{ request.method }}").text == "/string GET")
    #expect(try server.string("{{ helper.color }}").text == "yellow")
  }

  @Test func `app view tells what it knows`() throws {
    let server = try Shared.server()
    let face = try server.get("/view-face").json
    #expect(
      face["engines"] as? [String] == ["nunjucks", "upper"]
        || face["engines"] as? [String] == ["upper", "nunjucks"])
    #expect(
      face["roots"] as? [String]
        == ["\(server.folder.path)/app/view", "\(server.folder.path)/other"])
    #expect(face["file"] as? String == "\(server.folder.path)/app/view/plain.njk")
    #expect(face["has"] as? Bool == true)
  }

  @Test func `with the cache a found template stays found, without it the roots are asked again`()
    throws
  {
    for (cache, expected) in [(true, "second root"), (false, "first root")] {
      let server = try ProbeServer(
        #"{ "view": { "cache": \#(cache) }, "nunjucks": { "cache": false } }"#)
      #expect(try server.render("second.njk").text == "second root")
      try server.write("first root", to: "app/view/second.njk")
      // nunjucks looks for the name in the roots again; upper reads the file that view found.
      #expect(
        try server.render("second.njk", engine: "upper").text == expected.uppercased())
    }
  }

  @Test func `without the plugin the error says what to do`() throws {
    let server = try ProbeServer(plugins: "{}")
    #expect(
      try server.render("plain.njk").message
        == "ctx.render needs the plugin view; enable it in config/plugin.json")
    #expect(
      try server.string("x").message
        == "ctx.renderString needs the plugin view; enable it in config/plugin.json")
  }

  @Test func `a wrong configuration stops the start and names the key`() throws {
    #expect { try ProbeServer(#"{ "view": { "mapping": { "njk": "nunjucks" } } }"#) } throws: {
      "\($0)".contains(#"config.view.mapping: expected extensions such as ".njk", found "njk""#)
    }
    #expect { try ProbeServer(#"{ "view": { "cache": "yes" } }"#) } throws: {
      "\($0)".contains("config.view: cache")
    }
  }
}
