import Egg

final class PostController: Controller {
  func create() async throws -> Value {
    let service = service
    return try await service.post.create(["title": "egg"])
  }

  private var label: String { "}\("{" + #"\"#)" }
  private func check(_ rule: Value) {}
}
