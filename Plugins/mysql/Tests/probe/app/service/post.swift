import Egg
import EggMySQL

struct Post: Codable {
  var id: Int
  var title: String
  var hits: Int
  var made: Int?
}

final class PostService: Service {
  func find(_ id: Int) async throws -> SQLRow? { try await app.mysql.get("users", ["id": id]) }

  func add(_ title: String) async throws -> UInt64 {
    let result = try await app.mysql.insert(
      "posts", ["title": title, "made": app.mysql.literals.now])
    return result.affectedRows == 1 ? result.insertId : 0
  }
}
