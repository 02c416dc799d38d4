import Egg
import EggDatabase

/// A row of `posts`. Times are milliseconds since 1970.
struct Post: Codable {
  let id: Int
  let title: String
  let body: String
  let created: Int
  let updated: Int
}

/// One page of the list, the newest post first.
struct PostPage: Encodable {
  let posts: [Post]
  let number: Int
  let count: Int
}

final class PostService: Service {
  /// - Parameter number: from 1; beyond the last page it is the last.
  func page(_ number: Int) async throws -> PostPage {
    let size = max(1, app.config.blog.postsPerPage.int ?? 5)
    let count = max(1, (try await app.database.count("posts") + size - 1) / size)
    let number = min(max(1, number), count)
    let posts = try await app.database.select(
      "posts", orders: [["created", "desc"], ["id", "desc"]], limit: size,
      offset: (number - 1) * size, as: Post.self)
    return PostPage(posts: posts, number: number, count: count)
  }

  /// - Throws: 404 when there is no such post.
  func find(_ id: String?) async throws -> Post {
    guard let id = id.flatMap({ Int($0) }),
      let post = try await app.database.get("posts", ["id": id], as: Post.self)
    else { try ctx.throw(404, "There is no such post.") }
    return post
  }

  /// - Returns: the new post's id.
  /// - Throws: `SQLError`, `isDuplicate` when there is a post with that title.
  func create(_ draft: Draft) async throws -> Int {
    let now = app.database.literals.now
    let result = try await app.database.insert(
      "posts", ["title": draft.title, "body": draft.body, "created": now, "updated": now])
    return Int(clamping: result.insertId)
  }

  /// - Throws: as `create`.
  func update(_ id: Int, _ draft: Draft) async throws {
    try await app.database.update(
      "posts",
      ["title": draft.title, "body": draft.body, "updated": app.database.literals.now],
      where: ["id": id])
  }

  func delete(_ id: Int) async throws { try await app.database.delete("posts", ["id": id]) }
}
