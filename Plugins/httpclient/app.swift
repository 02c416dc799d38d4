import CurlEngine
import Egg

/// `app.curl` and `ctx.curl`: requests to other servers.
final class HTTPClientBoot: Boot {
  private var client: HTTPClient?

  override func register() throws {
    app.extend { unit in
      unit.method(
        Application.self, "curl",
        { [self] app, args async throws in try await ready().curl(args, nil) }
          as @MainActor (Application, Arguments) async throws -> Value)
      unit.method(
        Context.self, "curl",
        { [self] ctx, args async throws in try await ready().curl(args, ctx) }
          as @MainActor (Context, Arguments) async throws -> Value)
      unit.method(Application.self, "interceptCurl") { [self] _, args in
        try ready().interceptors.add(args[0])
        return .undefined
      }
      unit.method(
        Application.self, "safeCurl",
        { [self] app, args async throws in try await ready().safeCurl(args, nil) }
          as @MainActor (Application, Arguments) async throws -> Value)
      unit.method(
        Context.self, "safeCurl",
        { [self] ctx, args async throws in try await ready().safeCurl(args, ctx) }
          as @MainActor (Context, Arguments) async throws -> Value)
    }
  }

  private func ready() throws -> HTTPClient {
    if let client { return client }
    throw EggError(
      code: "EGG_CURL_ARGUMENT",
      "curl is there from didLoad on; before it there is no configuration")
  }

  override func configDidLoad() async throws { client = try HTTPClient(app) }

  override func beforeClose() async throws { client?.close() }
}
