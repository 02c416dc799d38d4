import Testing

@testable import EggLoaderTool

@Suite("Reading a unit") struct UnitReaderTests {
  @Test func `actions are the open methods of a controller, inherited ones too`() throws {
    let reader = read([
      "app/core/base.swift": """
      class Base: Controller {
        func whoami() {}
        func success(_ data: Value) {}
        func index() {}
      }
      """,
      "app/controller/user.swift": """
      final class UserController: Base {
        override func index() {}
        func info(_ ctx: Context) async throws -> Value { [:] }
        private func a() {}
        fileprivate func b(_ x: Int) {}
        static func c(_ x: Int) {}
        func d<T>(_ x: T) {}
        func _e(_ x: Int) {}
        // egg: local
        func f(_ x: Int) {}
      }
      """,
      "app/controller/user_more.swift": """
      extension UserController { func more() {} }
      enum More { static func go(_ ctx: Context) {} }
      """,
    ])
    #expect(reader.mistakes.isEmpty)
    let user = try #require(reader.model.controllers.first { $0.path == ["user"] })
    #expect(user.actions.map(\.name) == ["index", "info", "more", "whoami"])
    #expect(user.actions[3].reference.expression == "UserController.whoami")
  }

  @Test func `a controller may be a type with static functions, or free functions`() {
    let reader = read([
      "app/controller/ping.swift": """
      enum Ping {
        static func pong(_ ctx: Context) {}
        static func through(_ c: Context, _ next: Next) async throws {}
      }
      """,
      "app/controller/free.swift": "func alive(_ ctx: Context) {}",
    ])
    #expect(reader.mistakes.isEmpty)
    #expect(
      reader.model.controllers.map { $0.actions.map(\.name) } == [["pong", "through"], ["alive"]])
    #expect(reader.model.controllers[1].actions[0].isFree)
  }

  @Test(arguments: [
    "func auth(_ options: Value, _ app: Application) -> Middleware { x }",
    "func auth(options: AuthOptions) throws -> Egg.Middleware { x }",
    "func auth(_ app: Application) -> Middleware { x }",
    "func auth() -> Middleware { x }",
  ])
  func `a middleware takes options, the application, both or neither`(text: String) {
    let reader = read(["app/middleware/auth.swift": text])
    #expect(reader.mistakes.isEmpty)
    #expect(reader.model.middleware.map(\.function.expression) == ["auth"])
  }

  @Test func `a middleware in a folder may carry the folder's name`() {
    let reader = read([
      "app/middleware/auth.swift": "func auth() -> Middleware { x }",
      "app/middleware/admin/auth.swift": "func adminAuth() -> Middleware { x }",
      "app/io/middleware/auth.swift": "func ioAuth() -> Middleware { x }",
    ])
    #expect(reader.mistakes.isEmpty)
    #expect(reader.model.middleware.map(\.path) == [["auth"], ["admin", "auth"]])
    #expect(reader.model.exports.map(\.relativePath) == ["app/io/middleware/auth.swift"])
  }

  @Test func `routers of the folder come before the router of the unit`() {
    let reader = read([
      "app/router.swift": "func router(_ app: Application) throws {}",
      "app/router/api.swift": "func api(_ app: Application) {}",
    ])
    #expect(reader.model.routers.map(\.expression) == ["api", "router"])
  }

  @Test func `members are exported when their types can cross`() {
    let reader = read([
      "app/extend/context.swift": """
      struct User: Codable {}
      struct Other {}
      extension Context {
        var a: Int { 1 }
        var b: Other { Other() }
        func c(_ x: [String: [Value]?]) async throws -> [User]? { nil }
        func d(_ f: () -> Void) {}
        func e() -> (Int, Int) { (1, 2) }
        func f(_ x: inout Int) {}
        func g<T: Decodable>(_ x: T) {}
        func h(_ x: Other) {}
        static func i() {}
        func j(_ x: some Encodable) {}
        func k(_ x: Value...) {}
        var l: Int { get async { 1 } }
      }
      private extension Context { func hidden() {} }
      """
    ])
    #expect(reader.mistakes.isEmpty)
    #expect(reader.model.members.map(\.name) == ["a", "c"])
  }

  @Test func `members of an environment's file stand beside the plain ones`() {
    let reader = read([
      "app/extend/context.local.swift": """
      extension Context {
        var a_local: Int { 2 }
        var b: Int { 3 }
      }
      """,
      "app/extend/context.swift": "extension Context { var a: Int { 1 } }",
    ])
    #expect(reader.mistakes.isEmpty)
    let members = reader.model.members.map { "\($0.name) \($0.environment ?? "-")" }
    #expect(Set(members) == ["a local", "b local", "a -"])
  }

  @Test func `a schedule is a Subscription or a type with a task`() {
    let reader = read([
      "app/schedule/a.swift": """
      final class A: Subscription {
        static let schedule = Schedule(interval: "1s")
        func subscribe() async throws {}
      }
      """,
      "app/schedule/b.swift": """
      enum B {
        static var schedule: Value { [:] }
        static func task(_ ctx: Context) {}
      }
      """,
    ])
    #expect(reader.mistakes.isEmpty)
    #expect(reader.model.exports.count == 2)
  }

  @Test func `alternatives between #if and #endif count once`() {
    let reader = read([
      "app/controller/a.swift": """
      #if DEBUG
      final class A: Controller { func go() {} }
      #else
      final class A: Controller { func go() {} }
      #endif
      """
    ])
    #expect(reader.mistakes.isEmpty)
    #expect(reader.model.controllers.map { $0.actions.map(\.name) } == [["go"]])
  }
}
