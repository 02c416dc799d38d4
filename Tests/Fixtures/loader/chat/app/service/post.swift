import Egg

final class PostService: Service {
  func create(_ post: Value) async throws -> Value {
    try await ctx.service.api.v1.user.save(post)
  }
}
