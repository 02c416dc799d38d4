import Testing

@testable import EggLoaderTool

@Suite("Names and places") struct NamingTests {
  // Egg's FileLoader: `_x` and `-x` become `X`, caseStyle lower lowers the first letter.
  @Test(arguments: [
    ("foo_bar", "fooBar"), ("foo-bar", "fooBar"), ("FooBar", "fooBar"), ("foo", "foo"),
    ("response_time", "responseTime"), ("foo_Bar", "fooBar"), ("foo_1", "foo_1"), ("a", "a"),
  ])
  func `a segment becomes a property`(segment: String, property: String) {
    #expect(propertyName(segment) == property)
  }

  @Test(arguments: ["1foo", "_foo", "-foo", "foo.bar", "foo bar", "", "héllo", "foo$"])
  func `a segment is letters, digits, dash and underscore, a letter first`(segment: String) {
    #expect(propertyName(segment) == nil)
  }

  @Test func `names that are Swift words stand in backticks`() {
    #expect(identifier("default") == "`default`")
    #expect(identifier("new") == "new")
    #expect(identifier("foo-1") == "`foo-1`")
  }

  @Test func `generated types keep segments apart`() {
    #expect(typeName("Controllers", ["admin", "user"]) == "Controllers_admin_user")
    #expect(typeName("Controllers", ["foo-1"]) != typeName("Controllers", ["foo_1"]))
  }

  @Test(arguments: [
    ("app.swift", FileRole.boot, ["app"]),
    ("agent.swift", .agentBoot, ["agent"]),
    ("app/router.swift", .router, ["router"]),
    ("app/router/api.swift", .router, ["api"]),
    ("app/controller/admin/user.swift", .controller, ["admin", "user"]),
    ("app/service/user.swift", .service, ["user"]),
    ("app/middleware/auth.swift", .middleware, ["auth"]),
    ("app/extend/context.swift", .extend("context"), ["context"]),
    ("app/schedule/my_task.swift", .export(kind: .schedule, folder: "app/schedule"), ["my_task"]),
    (
      "app/io/controller/chat/nsp.swift",
      .export(kind: .controller, folder: "app/io/controller"), ["chat", "nsp"]
    ),
    (
      "app/io/middleware/auth.swift",
      .export(kind: .middleware, folder: "app/io/middleware"), ["auth"]
    ),
    ("app/model/user.swift", .export(kind: .object, folder: "app/model"), ["user"]),
    ("app/tool.swift", .plain, ["tool"]),
  ])
  func `the place of a file says what it is`(path: String, role: FileRole, segments: [String]) {
    let placement = Placement(path, conventions: [])
    #expect(placement.role == role)
    #expect(placement.segments == segments)
  }

  @Test func `a declared directory wins over its name, the longest first`() {
    let conventions = [
      Convention(path: "app/rpc", kind: .controller, holder: nil, module: nil),
      Convention(path: "app/rpc/inner", kind: .functions, holder: nil, module: nil),
    ]
    #expect(
      Placement("app/rpc/a/b.swift", conventions: conventions).role
        == .export(kind: .controller, folder: "app/rpc"))
    #expect(
      Placement("app/rpc/inner/b.swift", conventions: conventions).role
        == .export(kind: .functions, folder: "app/rpc/inner"))
  }
}
