import Foundation
import Testing

@testable import Nunjucks

/// What is nested without end, in templates or in what they make, on the usual stack and on a small
/// one.
@Suite("templates that nest without end") struct DeepTests {
  /// Renders on a thread of its own; the stack ends where `stack` bytes are used.
  private func outcome(_ templates: [String: String], stack: Int) -> Result<String, TemplateError> {
    nonisolated(unsafe) var outcome: Result<String, TemplateError> = .success("")
    let done = DispatchSemaphore(value: 0)
    let thread = Thread {
      let views = Environment(loaders: [MemoryLoader(templates)])
      do throws(TemplateError) {
        outcome = .success(String(decoding: try views.render("main"), as: UTF8.self))
      } catch {
        outcome = .failure(error)
      }
      done.signal()
    }
    thread.stackSize = stack
    thread.start()
    done.wait()
    return outcome
  }

  static let stacks = [512 << 10, 8 << 20]

  static let endless: [[String: String]] = [
    ["main": "{% include 'main' %}"],
    ["main": "{% import 'main' as x %}"],
    ["main": "{% from 'main' import x %}"],
    ["main": "{% extends 'main' %}"],
    ["main": "{% block a %}{% include 'main' %}{% endblock %}"],
    ["main": "{% include 'b' %}", "b": "{% set x %}{% include 'main' %}{% endset %}"],
    ["main": "{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}"],
    [
      "main":
        "{% macro m(x) %}{{ (1 + (2 * (m([[[x]]])))) | upper | trim }}{% endmacro %}{{ m(1) }}"
    ],
    [
      "main":
        "{% macro m() %}{% for a in [1] %}{% if 1 %}{% for b in [1] %}{% filter upper %}{{ m() }}"
        + "{% endfilter %}{% endfor %}{% endif %}{% endfor %}{% endmacro %}{{ m() }}"
    ],
    [
      "main": "{% macro m() %}{{ caller() }}{% call m() %}{{ caller() }}{% endcall %}{% endmacro %}"
        + "{% call m() %}x{% endcall %}"
    ],
  ]

  @Test(arguments: endless, stacks)
  func `what includes or calls itself ends with an error`(
    _ templates: [String: String], _ stack: Int
  ) throws {
    let error = #expect(throws: TemplateError.self) { try outcome(templates, stack: stack).get() }
    let cause = error?.cause ?? ""
    #expect(cause.contains("nested") || cause.contains("extends itself"))
  }

  static let nested = [
    String(repeating: "{% if x %}", count: 5000),
    String(repeating: "{% for x in y %}", count: 5000),
    String(repeating: "{% filter upper %}", count: 5000),
    "{{ " + String(repeating: "f(", count: 5000),
    "{{ " + String(repeating: "{a: [", count: 5000),
    "{{ x" + String(repeating: " | default(x", count: 5000),
  ]

  @Test(arguments: nested, stacks)
  func `tags and expressions without end are refused`(_ source: String, _ stack: Int) {
    let error = #expect(throws: TemplateError.self) {
      try outcome(["main": source], stack: stack).get()
    }
    #expect(error?.cause.contains("nested") == true)
  }

  /// Each makes a chain of values, a hundred thousand long, and lets go of it.
  static let chains = [
    "[a]", "{x: a}", "{x: [a], y: a}", "cycler(a)", "cycler(a).next", "joiner(a)", "[a].push",
    "[a, loop]",
  ]

  @Test(arguments: chains, stacks)
  func `a chain of values is let go level by level`(_ value: String, _ stack: Int) throws {
    let source =
      "{% set a = [] %}{% for i in range(100000) %}{% set a = " + value + " %}{% endfor %}ok"
    #expect(try outcome(["main": source], stack: stack).get() == "ok")
  }

  @Test(arguments: stacks)
  func `a chain of macros is let go level by level`(_ stack: Int) throws {
    let source = """
      {%- macro make(last, out) %}{% macro inner() %}{{ last }}{% endmacro -%}
      {%- set x = out.push(inner) %}{% endmacro -%}
      {%- set l = [1] %}{% for i in range(50000) %}{{ make(l.pop(), l) }}{% endfor %}ok
      """
    #expect(try outcome(["main": source], stack: stack).get() == "ok")
  }

  @Test(arguments: stacks)
  func `data nested without end is printed and dumped, or refused`(_ stack: Int) throws {
    let deep = "{% set a = [] %}{% for i in range(50000) %}{% set a = [a] %}{% endfor %}"
    for text in [
      "{{ a }}", "{{ a | join }}", "{{ a.flat(60000) | length }}", "{{ [a, a] | sort }}",
    ] {
      _ = try outcome(["main": deep + text], stack: stack).get()
    }
    let error = #expect(throws: TemplateError.self) {
      try outcome(["main": deep + "{{ a | dump }}"], stack: stack).get()
    }
    #expect(error?.cause.contains("circular") == true || error?.cause.contains("stack") == true)
  }
}
