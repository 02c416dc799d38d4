import EggMock
import Foundation
import Testing

@testable import hello

/// What is mocked of sessions, tokens and cookies needs the plugins of the default framework:
/// `EGG_FRAMEWORK=egg egg test -g MockTests`.
@Suite(.app(), .enabled(if: ProcessInfo.processInfo.environment["EGG_FRAMEWORK"] == "egg"))
struct MockTests {
  @Test func `a post needs a token, and has one when it is mocked`() async throws {
    let app = try await mock.app()
    let user: Value = ["name": "Ada"]
    try await app.httpRequest().post("/user").send(user).expect(403)
    app.mockCsrf()
    try await app.httpRequest().post("/user").send(user).expect(201)
  }

  @Test func `a session is there until it is restored`() async throws {
    let app = try await mock.app()
    app.mockSession(["visits": 1])
    #expect(try app.mockContext().callNow("sessionGet", "visits").int == 1)
    app.mockRestore()
    #expect(try app.mockContext().callNow("sessionGet", "visits").isUndefined)
  }

  @Test func `cookies are signed as the application signs them`() async throws {
    let app = try await mock.app()
    try app.mockCookies(["lang": "de"])
    #expect(try app.mockContext().cookies.get("lang") == "de")
  }

  @Test func `other servers are not asked`() async throws {
    let app = try await mock.app()
    try await app.mockHttpclient("https://api.test/user", ["data": ["name": "Ada"] as Value])
    try await app.mockHttpclient(
      /api\.test\/once/, methods: ["post"], ["status": 201, "repeats": 1])
    try await app.mockHttpclient("https://api.test/echo") { url, options in
      ["data": "\(url) \(options["a"].int ?? 0)"]
    }
    let user = try await app.call(
      "curl", "https://api.test/user?id=1", ["dataType": "json"] as Value)
    #expect(user.status.int == 200)
    #expect(user.data.name.string == "Ada")
    let made = try await app.call("curl", "https://api.test/once", ["method": "POST"] as Value)
    #expect(made.status.int == 201)
    let echo = try await app.mockContext().call(
      "curl", "https://api.test/echo", ["a": 5, "dataType": "text"] as Value)
    #expect(echo.data.string == "https://api.test/echo 5")
    // Restored, the url is asked for: there is no such host.
    app.mockRestore()
    await #expect(throws: EggError.self) {
      try await app.call("curl", "https://api.test:1/user", ["timeout": 1] as Value)
    }
  }

  @Test func `an answer that repeats once counts once, the one before it then`() async throws {
    let app = try await mock.app()
    try await app.mockHttpclient("http://a.test/", "always")
    try await app.mockHttpclient("http://a.test/", ["data": "first", "repeats": 1])
    let options: Value = ["dataType": "text"]
    let first = try await app.call("curl", "http://a.test/", options)
    let second = try await app.call("curl", "http://a.test/", options)
    #expect([first.data.string, second.data.string] == ["first", "always"])
  }

  @Test func `the environment is another one until it is restored`() async throws {
    let app = try await mock.app()
    let stated = app.config.env
    app.mockEnv("prod")
    #expect(app.env == "prod")
    #expect(app.config.env.string == "prod")
    app.mockRestore()
    #expect(app.env == "unittest")
    #expect(app.config.env == stated)
  }

  @Test func `the agent runs in the same process`() async throws {
    let app = try await mock.app()
    #expect(try app.agent.name == app.name)
  }

  @Test func `fields are sent, and the log is looked at`() async throws {
    let app = try await mock.app()
    app.mockHeaders(["x-trace": "abc"])
    app.mockLog()
    let ctx = try app.mockContext(["state": ["user": 7] as Value])
    #expect(ctx.get("x-trace") == "abc")
    #expect(ctx.state.user.int == 7)
    ctx.logger.warn("looked at by a test")
    app.expectLog("looked at by a test")
    app.notExpectLog("looked at by nobody")
  }
}
