import Egg

final class PostService: Service {
  func create(_ post: Value) async throws -> Value {
    var post = post
    post.id = 1
    return post
  }
}
