import Egg

final class APIUserService: Service {
  func save(_ post: Value) async throws -> Value { post }
}
