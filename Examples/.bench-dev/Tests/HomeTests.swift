import EggMock
import Testing

@Suite(.app()) struct HomeTests {
  @Test func `the page shows the users and the plugins`() async throws {
    let app = try await mock.app()
    try await app.httpRequest().get("/").expect(200)
      .expect("Content-Type", "text/html; charset=utf-8")
      .expect(/Grace/)
      .expect(/egg-view-nunjucks|nunjucks/)
  }

  @Test func `every answer says how long it took`() async throws {
    let app = try await mock.app()
    try await app.httpRequest().get("/plaintext").expect(200).expect("Hello, World!")
      .expectHeader("X-Response-Time")
      .unexpectHeader("X-Powered-By")
  }

  @Test func `files of app public are served`() async throws {
    let app = try await mock.app()
    try await app.httpRequest().get("/public/hello.css").expect(200)
      .expect("Content-Type", "text/css; charset=utf-8")
  }

  @Test func `what is not there is 404`() async throws {
    let app = try await mock.app()
    try await app.httpRequest().get("/nowhere").set("Accept", "application/json").expect(404)
  }
}
