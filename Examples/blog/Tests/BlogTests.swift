import Foundation
import MySQLTestSupport
import Testing

@Suite("The example blog", .serialized) struct BlogTests {
  enum Database: String, CaseIterable, CustomTestStringConvertible {
    case sqlite, mysql
    var testDescription: String { rawValue }

    func blog(options: [String] = ["--single"]) throws -> BlogServer {
      guard self == .mysql else { return try BlogServer(options: options) }
      let server = try MariaDBServer.shared.get()
      let name = "blog\(Int.random(in: 1...1_000_000))"
      try server.sql("create database \(name) character set utf8mb4")
      return try BlogServer(
        plugin: #""mysql": { "package": "egg-mysql" }"#,
        environment: [
          "BLOG_DB_PORT": "\(server.port)", "BLOG_DB_USER": "egg", "BLOG_DB_PASSWORD": "secret",
          "BLOG_DB_NAME": name,
        ], options: options)
    }
  }

  @Test(arguments: Database.allCases)
  func `a post is written, read, changed and deleted`(_ database: Database) throws {
    let blog = try database.blog()
    let list = try blog.get("/")
    #expect(list.status == 200 && list.text.contains("<a href=\"/posts/2\">Hello, World</a>"))

    let created = try blog.post(
      "/posts", from: "/posts/new", [("title", " Ein Ei 🥚 "), ("body", "One.\r\n\r\n<b>Two</b>")])
    #expect(created.status == 303 && created.location == "/posts/3")
    let shown = try blog.get("/posts/3")
    #expect(shown.text.contains("<h1>Ein Ei 🥚</h1>"))
    #expect(shown.text.contains("<p>One.</p>"))
    #expect(shown.text.contains("<p>&lt;b&gt;Two&lt;/b&gt;</p>"))
    #expect(shown.text.contains("Your post is out."))
    let year = Calendar(identifier: .gregorian).component(.year, from: Date())
    #expect(shown.text.contains(" \(year)</time>"))
    #expect(try !blog.get("/posts/3").text.contains("Your post is out."))

    let form = try blog.get("/posts/3/edit")
    #expect(form.text.contains(#"value="Ein Ei 🥚""#))
    let changed = try blog.post(
      "/posts/3", from: "/posts/3/edit", [("title", "Zwei"), ("body", "Neu")])
    #expect(changed.location == "/posts/3")
    #expect(try blog.get("/posts/3").text.contains("<h1>Zwei</h1>"))

    let deleted = try blog.post("/posts/3/delete", from: "/posts/3")
    #expect(deleted.status == 303 && deleted.location == "/")
    #expect(try blog.get("/").text.contains("“Zwei” is gone."))
    #expect(try blog.get("/posts/3").status == 404)
  }

  @Test(arguments: Database.allCases)
  func `a form says what is wrong and keeps what was written`(_ database: Database) throws {
    let blog = try database.blog()
    let empty = try blog.post("/posts", from: "/posts/new", [("title", ""), ("body", "kept")])
    #expect(empty.status == 422)
    #expect(empty.text.contains(#"id="title-error">should not be empty</p>"#))
    #expect(empty.text.contains(">kept</textarea>"))
    #expect(!empty.text.contains("body-error"))
    let long = try blog.post(
      "/posts", from: "/posts/new", [("title", String(repeating: "x", count: 121)), ("body", "b")])
    #expect(long.status == 422)
    let taken = try blog.post(
      "/posts", from: "/posts/new", [("title", "Hello, World"), ("body", "again")])
    #expect(taken.status == 422 && taken.text.contains("There is a post with this title already."))
    let renamed = try blog.post(
      "/posts/1", from: "/posts/1/edit", [("title", "Hello, World"), ("body", "again")])
    #expect(renamed.status == 422 && renamed.text.contains("<h1>Edit your post</h1>"))
    #expect(try blog.forge("/posts").status == 403)
  }

  @Test(arguments: Database.allCases)
  func `pages of five, the newest first`(_ database: Database) throws {
    let blog = try database.blog()
    for number in 3...7 {
      _ = try blog.post(
        "/posts", from: "/posts/new", [("title", "Post \(number)"), ("body", "text")])
    }
    let first = try blog.get("/").text
    let last = try blog.get("/?page=2").text
    #expect(first.contains("Post 7") && first.contains("Post 3") && !first.contains("Hello, World"))
    #expect(first.contains("1 of 2") && first.contains(#"href="/?page=2""#))
    #expect(last.contains("Hello, World") && !last.contains("Post 3"))
    #expect(last.contains(#"rel="prev" href="/""#) && !last.contains(#"rel="next""#))
    #expect(try blog.get("/?page=99").text.contains("2 of 2"))
    #expect(try blog.get("/?page=-1").text.contains("1 of 2"))
  }

  @Test(arguments: Database.allCases)
  func `two workers write and read the same posts`(_ database: Database) throws {
    let blog = try database.blog(options: ["--workers", "2"])
    // Each request has a connection of its own, so both workers get some.
    for number in 3...8 {
      let created = try blog.post(
        "/posts", from: "/posts/new", [("title", "Post \(number)"), ("body", "text")])
      // Not the next number always: both workers tried to make the first posts.
      #expect(created.status == 303 && created.location.hasPrefix("/posts/"))
      #expect(try blog.get(created.location).text.contains("<h1>Post \(number)</h1>"))
    }
    for _ in 1...8 { #expect(try blog.get("/?page=2").text.contains("Post 3")) }
    let taken = try blog.post(
      "/posts", from: "/posts/new", [("title", "Post 3"), ("body", "again")])
    #expect(taken.status == 422)
  }

  @Test func `what is not there has a page of its own`() throws {
    let blog = try BlogServer()
    for path in ["/posts/99", "/posts/x", "/posts/99/edit", "/nowhere"] {
      let page = try blog.get(path)
      #expect(page.status == 404 && page.text.contains("<h1>Nothing is here.</h1>"), "\(path)")
    }
  }

  @Test func `the file is where the configuration says`() throws {
    let blog = try BlogServer()
    #expect(
      FileManager.default.fileExists(
        atPath: blog.application.folder.appendingPathComponent("run/blog.sqlite").path))
  }

  @Test func `no database is said at the start`() throws {
    #expect {
      _ = try BlogServer(plugin: #""i18n": false"#)
    } throws: { "\($0)".contains("app.database needs one of the plugins sqlite and mysql") }
  }
}
