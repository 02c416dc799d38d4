import Egg

final class PostsService: Service {
  /// Preloaded before the application starts.
  func load() async throws {
    try await Task.sleep(for: .milliseconds(20))
    app.cache.set("posts", ["first", "second"])
    app.cache.set("posts.method", Value(ctx.method))
  }
}
