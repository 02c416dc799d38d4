import Foundation
import Testing

@testable import EggCommand

@Suite("egg build") struct BuildTests {
  @Test func `errors are shown once, with their lines, and nothing else`() {
    let output = [
      "/app/router.swift:3:5: error: cannot find 'x' in scope",
      "3 |   x()",
      "  |   `- error: cannot find 'x' in scope",
      "",
      "/app/router.swift:9:5: warning: never used",
      "9 |   let y = 1",
      "",
      "/app/router.swift:3:5: error: cannot find 'x' in scope",
      "3 |   x()",
      "error: fatalError",
    ]
    #expect(
      BuildRun.essence(of: output) == [
        "/app/router.swift:3:5: error: cannot find 'x' in scope",
        "3 |   x()",
        "  |   `- error: cannot find 'x' in scope",
        "error: fatalError",
      ])
  }

  @Test func `everything is shown when nothing is marked as an error`() {
    #expect(BuildRun.essence(of: ["a", "b"]) == ["a", "b"])
  }

  @Test(arguments: [
    ("[12/40] Compiling shop router.swift", true), ("Building for debugging...", true),
    ("Build complete! (3.2s)", true), ("[note] something", false), ("error: x", false),
    ("[/] odd", true), ("/a.swift:1:1: warning: Building", false),
  ])
  func `lines of progress are told from the rest`(line: String, isProgress: Bool) {
    #expect(BuildRun.isProgress(line) == isProgress)
  }

  @Test func `a folder with a Makefile is built with make`() throws {
    let scratch = try Scratch()
    try scratch.write("all:\n\t@touch built\n", to: "p/Makefile")
    let result = try Egg.run("build", scratch.url.appendingPathComponent("p").path)
    #expect(result.status == 0)
    #expect(result.errors.contains("building p (make): done"))
    #expect(
      FileManager.default.fileExists(atPath: scratch.url.appendingPathComponent("p/built").path))
  }

  @Test func `the compiler's words are shown when a build fails`() throws {
    let scratch = try Scratch()
    try scratch.write("all:\n\t@echo 'x.c:1:1: error: no such thing' && exit 3\n", to: "p/Makefile")
    let result = try Egg.run("build", scratch.url.appendingPathComponent("p").path)
    #expect(result.status == 1)
    #expect(result.errors.contains("x.c:1:1: error: no such thing"))
    #expect(result.errors.contains("failed"))
  }

  @Test func `a folder with nothing to build says what was looked for`() throws {
    let scratch = try Scratch()
    let result = try Egg.run("build", scratch.url.path)
    #expect(result.status == 1)
    #expect(result.errors.contains("expected a Package.swift, a Makefile or a Cargo.toml"))
  }

  @Test func `a tool that is not installed is named`() throws {
    #expect {
      _ = try Child.run(["no-such-tool-anywhere"]) { _ in }
    } throws: { error in
      (error as? CommandFailure)?.message
        == "\"no-such-tool-anywhere\" is needed and is not installed"
    }
  }

  @Test func `a child that takes too long is ended, and its lines until then are kept`() throws {
    var lines: [String] = []
    let child = try Child.run(["sh", "-c", "echo one; exec sleep 30"], seconds: 1) {
      lines.append($0)
    }
    #expect(child.isLate)
    #expect(lines == ["one"])
  }

  @Test func `a signal that ended a child has a name`() throws {
    let child = try Child.run(["sh", "-c", "kill -SEGV $$"]) { _ in }
    #expect(child.signal == "SIGSEGV, a wild pointer")
  }
}
