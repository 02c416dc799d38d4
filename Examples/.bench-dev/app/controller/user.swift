import Egg

final class UserController: Controller {
  /// `GET /user/:id`
  func info() async throws {
    let user = try await ctx.service.user.find(ctx.params["id"])
    ctx.body = user
  }

  /// `POST /user` with `{"name": "…"}`
  func create() throws {
    guard let name = ctx.request.body.name.string, !name.isEmpty else {
      try ctx.throw(422, "name is required")
    }
    ctx.body = ["name": Value(name), "greeting": Value(ctx.helper.greeting(name))]
    ctx.status = 201
  }
}
