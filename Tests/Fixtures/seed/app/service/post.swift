import Egg

struct Post {
  let id: Int
}

final class PostService: Service {
  func create(_ req: Value) async throws -> Post {
    let id = (app.cache.get("post.count").int ?? 0) + 1
    app.cache.set("post.count", Value(id))
    app.cache.set("post.\(id)", req)
    return Post(id: id)
  }
}
