import EggKernel
import Foundation

import class Egg.Application
import class Egg.Context

extension Egg.Application {
  /// A request to this application, in this process.
  public func httpRequest() -> RequestBuilder { RequestBuilder() }

  /// A context without a connection, with a made-up request.
  ///
  ///     let ctx = try app.mockContext(["headers": ["x-trace": "1"], "state": ["user": 7]])
  ///     let posts = try await ctx.service.post.list()
  ///
  /// - Parameter data: `method`, `url`, `headers` of the request; `query`, an object, which goes into the
  ///   url; `state`, whose members `ctx.state` has.
  /// - Throws: `EggError` when there is no room for another context.
  public func mockContext(_ data: Value = [:]) throws -> Context {
    var headers = data.headers.object ?? ValueMap()
    for field in Mocks.requestFields { headers[field.name.lowercased()] = .text(field.value) }
    var url = data.url.string ?? data.path.string ?? "/"
    if let query = data.query.object {
      url += (url.contains("?") ? "&" : "?") + FormText.encode(query)
    }
    let ctx = try createAnonymousContext(
      [
        "method": Value.text(data.method.string ?? "GET"), "url": Value.text(url),
        "headers": Value.map(headers),
      ])
    for (name, value) in data.state.object ?? ValueMap() { ctx.state[name] = value }
    return ctx
  }

  /// Runs something with a mocked context and gives back what it gives.
  ///
  /// - Throws: what `body` throws.
  public func mockContextScope<R>(
    _ data: Value = [:], _ body: @MainActor (Context) async throws -> R
  ) async throws -> R {
    try await body(mockContext(data))
  }

  /// Each context has these members in `ctx.session`. Needs the plugin session.
  public func mockSession(_ members: Value?) {
    guard let map = members?.object else { return }
    Mocks.session = map
    Mocks.prepareContexts()
  }

  /// Each request has these cookies, with the signatures that `ctx.cookies.get` asks for.
  ///
  /// - Throws: `EggError` when the application has no `keys`.
  public func mockCookies(_ cookies: [String: String]?) throws {
    for (name, value) in cookies ?? [:] { try Mocks.setCookie(name, value, self) }
  }

  /// Each request has these header fields; what the request itself sets counts more.
  public func mockHeaders(_ headers: [String: String]?) {
    for (name, value) in headers ?? [:] { Mocks.setHeader(name, value) }
  }

  /// Each request has a token that the plugin security accepts.
  public func mockCsrf() { Mocks.sendsCsrfToken = true }

  /// `ctx.service` gives a `Double` wherever it would give its superclass.
  ///
  ///     final class NoUsers: UserService {
  ///       override func find(_ id: String?) async throws -> User { throw EggError("no users") }
  ///     }
  ///     app.mockService(UserService.self, NoUsers.self)
  ///
  /// A service that tests replace is no `final` class. Differs from Egg, which replaces one method of an
  /// object: in Swift the compiler checks that the replacement has the method's form.
  public func mockService<S: Service, Double: Service>(_ service: S.Type, _ double: Double.Type) {
    mockService(service) { ctx in double.init(ctx) }
  }

  /// The same with an object that the test makes, for doubles with a state of their own.
  public func mockService<S: Service>(
    _ service: S.Type, _ make: @escaping @MainActor (Context) -> Service
  ) {
    TestDoubles.services[ObjectIdentifier(service)] = { ctx in
      let made = make(ctx)
      precondition(
        made is S,
        "mockService: \(type(of: made)) stands in for \(service) and is no subclass of it")
      return made
    }
  }

  /// `app.env` and `app.config.env` say another environment from here on. The configuration is that of
  /// the environment in which the application was started, `.app(env:)`.
  public func mockEnv(_ env: String) { Mocks.mockEnv(env) }

  /// The agent, which runs in the same process as the application under test.
  ///
  /// - Throws: `MockFailure` when the application has none.
  public var agent: Agent {
    get throws {
      if let agent = linkedAgent { return agent }
      throw MockFailure("this application has no agent")
    }
  }

  /// Waits until what `runInBackground` started has ended, and what that started.
  ///
  /// - Throws: `CancellationError` when the test is cancelled.
  public func backgroundTasksFinished() async throws {
    while backgroundTasks > 0 { try await Task.sleep(for: .milliseconds(2)) }
  }

  /// Takes back everything that tests have put in place.
  public func mockRestore() { Mocks.restore() }
}
