import Egg

struct User: Codable {
  let id: Int
  let name: String
}

/// Not final, so that tests can put a subclass in its place.
class UserService: Service {
  private static let known = [
    User(id: 1, name: "Ada"), User(id: 2, name: "Grace"), User(id: 3, name: "Edsger"),
  ]

  func all() throws -> [Value] {
    try UserService.known.map { try Value(encoding: $0) }
  }

  func find(_ id: String?) async throws -> User {
    guard let number = id.flatMap({ Int($0) }),
      let user = UserService.known.first(where: { $0.id == number })
    else { try ctx.throw(404, "no user \(id ?? "")") }
    return user
  }
}
