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
}
