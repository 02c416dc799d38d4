import Foundation
import Testing
import ViewTestSupport

@Suite("templates that go wrong, over HTTP") struct HostileTests {
  @Test func `a changed parent, include or import takes effect on the next request`() throws {
    let server = try ProbeServer(#"{ "nunjucks": { "cache": false } }"#)
    try server.write(
      """
      {% extends "p.njk" %}{% block b %}{% include "i.njk" %}{% from "m.njk" import f %}{{ f() }}{% endblock %}
      """, to: "app/view/main.njk")
    try server.write("<{% block b %}{% endblock %}>", to: "app/view/p.njk")
    try server.write("i", to: "app/view/i.njk")
    try server.write("{% macro f() %}m{% endmacro %}", to: "app/view/m.njk")
    #expect(try server.render("main.njk").text == "<im>")
    try server.write("[{% block b %}{% endblock %}]", to: "app/view/p.njk")
    #expect(try server.render("main.njk").text == "[im]")
    try server.write("include", to: "app/view/i.njk")
    #expect(try server.render("main.njk").text == "[includem]")
    try server.write("{% macro f() %}macro{% endmacro %}", to: "app/view/m.njk")
    #expect(try server.render("main.njk").text == "[includemacro]")
    try FileManager.default.removeItem(at: server.folder.appendingPathComponent("app/view/i.njk"))
    let gone = try server.render("main.njk").message
    #expect(gone.contains("(main.njk)") && gone.contains("template not found: i.njk"))
  }

  @Test func `endless templates end with an error and the chain, and the server goes on`() throws {
    let server = try ProbeServer(#"{ "nunjucks": { "cache": false } }"#)
    try server.write("{% extends \"b.njk\" %}", to: "app/view/a.njk")
    try server.write("{% extends \"a.njk\" %}", to: "app/view/b.njk")
    try server.write("{% include \"self.njk\" %}", to: "app/view/self.njk")
    let extends = try server.render("a.njk")
    #expect(extends.status == 500)
    #expect(extends.message.contains("\"a.njk\" extends itself: a.njk -> b.njk -> a.njk"))
    let includes = try server.render("self.njk")
    #expect(includes.status == 500)
    #expect(includes.message.contains("nested"))
    for text in [
      "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}",
      "{% set s = 'x' %}{% for i in range(60) %}{% set s = s ~ s %}{% endfor %}{{ s }}",
    ] {
      let answer = try server.string(text)
      #expect(answer.status == 500)
      #expect(answer.message.contains("exceeds") || answer.message.contains("nested"))
    }
    #expect(try server.string("{{ a }}").text == "1")
  }

  @Test func `a loop that writes ten megabytes is a page or a clear refusal`() throws {
    let server = try Shared.server()
    let answer = try server.string("{% for i in range(1000000) %}0123456789{% endfor %}")
    if answer.status == 200 {
      #expect(answer.text.utf8.count == 10_000_000)
    } else {
      #expect(answer.message.contains("larger than the request's memory"))
    }
    #expect(try server.string("{{ a }}").text == "1")
  }

  @Test func `a missing template is named with the templates on the way to it`() throws {
    let server = try ProbeServer()
    try server.write("\n{% include \"second.njk\" %}", to: "app/view/first.njk")
    try server.write("{% include \"third.njk\" %}", to: "app/view/second.njk")
    let message = try server.render("first.njk").message
    #expect(message.contains("(first.njk) [Line 2, Column 12]"))
    #expect(message.contains("(second.njk) [Line 1, Column 12]"))
    #expect(message.contains("template not found: third.njk"))
  }
}
