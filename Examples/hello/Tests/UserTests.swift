import EggMock
import Testing

@testable import hello

@Suite(.app()) struct UserTests {
  @Test func `a user is found by number`() async throws {
    let app = try await mock.app()
    try await app.httpRequest().get("/user/1").expect(200)
      .expect(["id": 1, "name": "Ada"] as Value)
  }

  @Test func `a user is created from JSON and from a form`() async throws {
    let app = try await mock.app()
    let created: Value = ["name": "Ada", "greeting": "Hello, Ada!"]
    try await app.httpRequest().post("/user").send(["name": "Ada"] as Value)
      .expect(201).expect(created)
    try await app.httpRequest().post("/user").type("form").send(["name": "Ada"] as Value)
      .expect(201).expect(created)
    try await app.httpRequest().post("/user").send([:] as Value).expect(422)
  }

  @Test func `a service works without a request`() async throws {
    let app = try await mock.app()
    let ctx = try app.mockContext()
    #expect(try await ctx.service.user.find("2").name == "Grace")
    await #expect(throws: (any Error).self) { try await ctx.service.user.find("9") }
  }

  @Test func `a helper is asked in a context`() async throws {
    let app = try await mock.app()
    let greeting = try await app.mockContextScope { $0.helper.greeting("Ada") }
    #expect(greeting == "Hello, Ada!")
  }

  @Test func `a context has the request and the state that the test says`() async throws {
    let app = try await mock.app()
    app.mockHeaders(["x-trace": "7"])
    let ctx = try app.mockContext([
      "method": "POST", "url": "/user", "query": ["page": 2] as Value,
      "state": ["by": "test"] as Value,
    ])
    #expect(ctx.method == "POST")
    #expect(ctx.get("x-trace") == "7")
    #expect(ctx.query["page"] == "2")
    #expect(ctx.state["by"].string == "test")
  }

  /// Its answer differs from the service's, so that a test sees who has answered.
  final class OneUser: UserService {
    override func find(_ id: String?) async throws -> User { User(id: 0, name: "double") }
  }

  final class NoUsers: UserService {
    override func find(_ id: String?) async throws -> User { try ctx.throw(503, "no database") }
  }

  @Test func `a service is replaced until the test ends`() async throws {
    let app = try await mock.app()
    app.mockService(UserService.self, OneUser.self)
    try await app.httpRequest().get("/user/1").expect(["id": 0, "name": "double"] as Value)
    app.mockService(UserService.self, NoUsers.self)
    try await app.httpRequest().get("/user/1").expect(503)
    app.mockRestore()
    try await app.httpRequest().get("/user/1").expect(["id": 1, "name": "Ada"] as Value)
  }

  @Test func `the log has what the application said at its start`() async throws {
    let app = try await mock.app()
    app.expectLog("hello is ready")
    app.mockLog()
    app.notExpectLog("hello is ready")
    app.logger.info("counting to \(3)")
    app.expectLog(/counting to \d/)
  }

  @Test func `background tasks are waited for, nested ones too`() async throws {
    let app = try await mock.app()
    var steps: [String] = []
    app.runInBackground { _ in
      try await Task.sleep(for: .milliseconds(20))
      steps.append("outer")
      app.runInBackground { _ in
        try await Task.sleep(for: .milliseconds(20))
        steps.append("inner")
      }
    }
    try await app.backgroundTasksFinished()
    #expect(steps == ["outer", "inner"])
  }
}
