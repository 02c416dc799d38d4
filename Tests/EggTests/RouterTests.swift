import PluginABI
import Testing

@testable import Egg

extension SDK {
  @Suite("Router arguments") struct RouterTests {
    private func routes(_ body: @escaping @MainActor (Application) throws -> Void) async throws
      -> FakeKernel
    {
      let kernel = FakeKernel()
      try await kernel.load { unit in
        unit.controller(Controllers_user())
        unit.middleware("gzip", MiddlewareFactory(gzip))
        unit.router(body)
      }
      return kernel
    }

    private func refusal(_ body: @escaping @MainActor (Application) throws -> Void) async throws
      -> String
    {
      let error = try await #require(throws: EggError.self) { _ = try await routes(body) }
      return error.message
    }

    @Test func `name, path and controller are told apart as Egg does`() async throws {
      let action = Controllers_user().info
      let kernel = try await routes { app in
        app.get("/a", action)
        app.get("user", "/b", action)
        app.get("/c", "user.info")
        app.get("named", "/d", "user.create")
        app.get("e", action)
        app.get(["/f", "/g"], Handler { _, next in try await next() }, action)
        app.get("rx", RegexPath("^/h(\\d+)$"), action)
      }
      let seen = kernel.routes.map { "\($0.name)|\($0.path)|\($0.controller)|\($0.handlers.count)" }
      #expect(
        seen == [
          "|/a|user.info|1", "user|/b|user.info|1", "user.info|/c|user.info|1",
          "named|/d|user.create|1", "|e|user.info|1", "|/f|user.info|1", "|/g|user.info|1",
          "rx|^/h(\\d+)$|user.info|1",
        ])
      #expect(kernel.routes.last?.flags == EGG_ROUTE_REGEX)
      #expect(kernel.routes[0].file.hasSuffix("RouterTests.swift"))
      #expect(kernel.routes[1].line == kernel.routes[0].line + 1)
    }

    @Test func `every verb has its method and they chain`() async throws {
      let kernel = try await routes { app in
        let action = Controllers_user().info
        app.router.head("/", action).options("/", action).get("/", action).put("/", action)
          .patch("/", action).post("/", action).delete("/", action).del("/", action).all(
            "/", action)
        app.register("/r", ["get", "purge"], action, name: "reg", strict: true)
      }
      #expect(
        kernel.routes.map(\.methods) == [
          "HEAD", "OPTIONS", "GET", "PUT", "PATCH", "POST", "DELETE", "DELETE", "*", "GET,PURGE",
        ])
      #expect(kernel.routes.last?.name == "reg")
      #expect(kernel.routes.last?.flags == EGG_ROUTE_STRICT)
    }

    @Test func `a middleware of another unit stays a handler of its own`() async throws {
      let kernel = try await routes { app in
        let own = Handler { _, next in try await next() }
        app.get("/x", own, own, Handler.foreign("gzip", ["threshold": 1], app), own) { _ in }
      }
      #expect(kernel.routes[0].handlers.count == 3)
    }

    @Test func `namespaces put prefix and middlewares in front`() async throws {
      let kernel = try await routes { app in
        let api = app.router.namespace(
          "/api/",
          Handler { ctx, next in
            ctx.set("X-Api", "1")
            try await next()
          })
        api.get("/list") { ctx in ctx.body = "list" }
        api.namespace("/v2").get("/") { _ in }
      }
      #expect(kernel.routes.map(\.path) == ["/api/list", "/api/v2"])
      let request = FakeRequest()
      await kernel.run(request, kernel.routes[0].handlers)
      #expect(request.responseHeader("x-api") == "1")
      #expect(request.text == "list")
    }

    @Test func `resources take the actions that exist`() async throws {
      let kernel = try await routes { app in
        app.resources("users", "/api/users/", Controllers_user())
        app.router.resources("/u", "user").redirect("/old", "/new").prefix("/p")
      }
      #expect(kernel.resources.map(\.path) == ["/api/users", "/u"])
      #expect(kernel.resources.map(\.name) == ["users", "user"])
      #expect(kernel.resources[0].actions == ["create"])
      #expect(kernel.redirects.first! == ("/old", "/new", 301))
    }

    @Test func `mistakes stop the start and say where they are`() async throws {
      let missing = try await refusal { app in app.get("/x", "user.nothing") }
      #expect(missing.contains("RouterTests.swift:"))
      #expect(missing.hasSuffix("router.get(\"/x\"): app.controller.user.nothing not exists"))
      #expect(try await refusal { $0.get("/x", "") }.hasSuffix("controller not exists"))
      #expect(try await refusal { $0.get("/x") }.hasSuffix("a controller or a closure is missing"))
      #expect(try await refusal { $0.get("/(((") { _ in } }.hasSuffix("the path has an open group"))
      let options = try await refusal { app in
        app.get("/x", Handler.middleware("gzip", ["threshold": "x"], app, MiddlewareFactory(gzip)))
        { _ in }
      }
      #expect(
        options.hasSuffix("middleware \"gzip\": threshold: expected a whole number, found text"))
      let unknown = try await refusal { app in
        app.get("/x", Handler.foreign("none", [:], app)) { _ in }
      }
      #expect(unknown.hasSuffix("middleware \"none\": not found"))
      let last = try await refusal { app in
        app.get("/x", Controllers_user().info, Handler { _, next in try await next() })
      }
      #expect(last.hasSuffix("the controller has to be the last argument"))
    }

    @Test func `urls of named routes`() async throws {
      let kernel = FakeKernel()
      var made: [String] = []
      try await kernel.load { unit in
        unit.router { app in made = [app.url("user", ["id": 1]), app.url("unknown")] }
      }
      #expect(made == ["/user/1", ""])
    }
  }
}
