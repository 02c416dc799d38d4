import Egg

final class UserService: Service {
  func find(_ id: String) async throws -> Value { ["id": id] }
}
