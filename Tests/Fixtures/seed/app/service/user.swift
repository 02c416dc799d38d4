import Egg

final class UserService: Service {
  private(set) var asked = 0

  func find(_ uid: String) async throws -> Value {
    asked += 1
    try await Task.sleep(for: .milliseconds(1))
    guard let id = Int(uid) else { return .null }
    return ["user": ["id": Value(id), "name": Value("user \(id)"), "asked": Value(asked)]]
  }

  /// Reaches another service as `this.service` does.
  func posts() -> Value { service.user === self ? app.cache.get("posts") : .null }
}
