import Testing

@testable import EggLoaderTool

@Suite("Mistakes in a unit") struct MistakeTests {
  /// Path, source, place of the mistake, a part of the message.
  static let mistakes: [(String, String, String, String)] = [
    (
      "app/controller/home.swift", "import Egg\nstruct Home {}", "app/controller/home.swift:2:8",
      "expected `final class HomeController: Controller`"
    ),
    (
      "app/controller/home.swift", "class A: Controller {}\nclass B: Controller {}",
      "app/controller/home.swift:2:7", "two classes deriving from Controller, A and B"
    ),
    (
      "app/controller/home.swift", "class A: Controller {\n  func go(id: Int) {}\n}",
      "app/controller/home.swift:2:8", "A.go takes parameters"
    ),
    (
      "app/controller/home.swift", "class A: Controller {\n  func go(_ next: Next) {}\n}",
      "app/controller/home.swift:2:8", "called next"
    ),
    (
      "app/controller/home.swift",
      "class A: Controller {\n  func go() {}\n  func go(_ ctx: Context) {}\n}",
      "app/controller/home.swift:3:8", "the action go is there twice"
    ),
    (
      "app/controller/home.swift", "private class A: Controller {}",
      "app/controller/home.swift:1:15", "A is private"
    ),
    (
      "app/controller/home.swift", "class A: Controller {\n  func actions() {}\n}",
      "app/controller/home.swift:2:8", "no name for an action"
    ),
    (
      "app/controller/2home.swift", "class A: Controller {}", "app/controller/2home.swift:1:1",
      "\"2home\" cannot become a property"
    ),
    (
      "app/service/user.swift", "class User {}", "app/service/user.swift:1:7",
      "expected `final class UserService: Service`"
    ),
    (
      "app/service/ctx.swift", "class A: Service {}", "app/service/ctx.swift:1:1",
      "Egg uses it itself"
    ),
    (
      "app/middleware/response_time.swift", "func responsetime() -> Middleware { x }",
      "app/middleware/response_time.swift:1:6",
      "expected `func responseTime(_ options: Value, _ app: Application) -> Middleware`, found"
        + " `func responsetime() -> Middleware`"
    ),
    (
      "app/middleware/auth.swift", "func auth(_ app: Application) -> String { x }",
      "app/middleware/auth.swift:1:6", "-> Middleware`, found"
    ),
    (
      "app/middleware/auth.swift", "func auth(_ a: Application, _ o: Value) -> Middleware { x }",
      "app/middleware/auth.swift:1:6", "expected `func auth("
    ),
    (
      "app/middleware/auth.swift", "func auth() async -> Middleware { x }",
      "app/middleware/auth.swift:1:6", "expected `func auth("
    ),
    (
      "app/router.swift", "func routes(_ app: Application) {}", "app/router.swift:1:6",
      "expected `func router(_ app: Application)`"
    ),
    ("app/router.swift", "func router() {}", "app/router.swift:1:6", "found `func router()`"),
    ("app.swift", "class A {}", "app.swift:1:7", "`final class AppBoot: Boot`"),
    (
      "app.swift", "class A: Boot {}\nfunc app(_ app: Application) {}", "app.swift:2:6",
      "starts twice"
    ),
    ("agent.swift", "class A: Boot {}", "agent.swift:1:7", "AgentBoot"),
    (
      "app/extend/context.swift", "extension Contxt {}", "app/extend/context.swift:1:11",
      "expected `extension Context { … }`, found `extension Contxt`"
    ),
    (
      "app/extend/contxt.swift", "extension Context {}", "app/extend/contxt.swift:1:11",
      "belongs into app/extend/context.swift"
    ),
    (
      "app/schedule/clean.swift", "class Clean: Subscription {\n  func subscribe() {}\n}",
      "app/schedule/clean.swift:1:7", "static let schedule"
    ),
    (
      "app/schedule/clean.swift", "class Clean: Subscription {\n  static let schedule = 1\n}",
      "app/schedule/clean.swift:1:7", "func subscribe()"
    ),
    (
      "app/schedule/clean.swift", "struct A {}", "app/schedule/clean.swift:1:8",
      "must hold one task"
    ),
    ("app/io/service/x.swift", "struct A {}", "app/io/service/x.swift:1:8", "ExportedObject"),
  ]

  @Test(arguments: mistakes.indices)
  func `each is shown at its own line`(index: Int) throws {
    let (path, text, place, message) = Self.mistakes[index]
    let reader = read([path: text])
    #expect(reader.mistakes.count == 1)
    let mistake = try #require(reader.mistakes.first)
    #expect(mistake.place == place)
    #expect(mistake.message.contains(message), "\(mistake.message)")
  }

  @Test func `two files of one property name each other`() throws {
    let reader = read([
      "app/controller/foo-bar.swift": "class A: Controller {}",
      "app/controller/foo_bar.swift": "class B: Controller {}",
    ])
    let mistake = try #require(reader.mistakes.first)
    #expect(mistake.place == "app/controller/foo_bar.swift:1:1")
    #expect(mistake.message.contains("app/controller/foo-bar.swift"))
    #expect(mistake.message.contains("app/controller/foo_bar.swift"))
    #expect(mistake.message.contains("controller.fooBar"))
  }

  @Test func `a service file beside a folder of its name is refused`() {
    let reader = read([
      "app/service/user.swift": "class A: Service {}",
      "app/service/user/role.swift": "class B: Service {}",
    ])
    #expect(reader.mistakes.map(\.place) == ["app/service/user.swift:1:1"])
  }

  @Test func `a file that the compiler will refuse is passed over`() {
    let reader = read(["app/controller/home.swift": "class A {"])
    #expect(reader.mistakes.isEmpty)
    #expect(reader.model.controllers.isEmpty)
  }

  @Test func `a mistake shows its line and a caret below its column`() {
    let mistake = Mistake(
      position: SourcePosition(file: "/a.swift", line: 2, column: 3), message: "no",
      notes: [.init(position: nil, message: "do this")])
    #expect(
      mistake.render { _ in Array("x\n\tab\n".utf8) }
        == "/a.swift:2:3: error: no\n  \tab\n  \t ^\n/a.swift:2:3: note: do this\n")
  }
}
