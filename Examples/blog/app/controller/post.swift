import Egg
import EggDatabase
import EggSessionClient
import EggValidateClient

/// What the form sends.
struct Draft: Validatable {
  static let rules: Value = [
    "title": ["type": "string", "trim": true, "max": 120] as Value,
    "body": ["type": "string", "trim": true, "max": 20_000] as Value,
  ]
  let title: String
  let body: String
}

final class PostController: Controller {
  /// `GET /`, `GET /?page=2`
  func index() async throws {
    let page = try await ctx.service.post.page(Int(ctx.query["page"] ?? "") ?? 1)
    try await ctx.render("posts/index.njk", ["page": try Value(encoding: page)])
  }

  /// `GET /posts/:id`
  func show() async throws {
    let post = try await ctx.service.post.find(ctx.params["id"])
    try await ctx.render("posts/show.njk", ["post": try Value(encoding: post)])
  }

  /// `GET /posts/new`
  func new() async throws {
    try await ctx.render("posts/form.njk", ["action": "/posts", "draft": [:] as Value])
  }

  /// `POST /posts`
  func create() async throws {
    guard
      let id = try await saving(action: "/posts", { try await self.ctx.service.post.create($0) })
    else { return }
    leave("/posts/\(id)", "Your post is out.")
  }

  /// `GET /posts/:id/edit`
  func edit() async throws {
    let post = try await ctx.service.post.find(ctx.params["id"])
    try await ctx.render(
      "posts/form.njk",
      ["action": "/posts/\(post.id)", "post": true, "draft": try Value(encoding: post)])
  }

  /// `POST /posts/:id`
  func update() async throws {
    let post = try await ctx.service.post.find(ctx.params["id"])
    let saved: Void? = try await saving(action: "/posts/\(post.id)", post: true) {
      try await self.ctx.service.post.update(post.id, $0)
    }
    if saved != nil { leave("/posts/\(post.id)", "Changes are saved.") }
  }

  /// `POST /posts/:id/delete`
  func destroy() async throws {
    let post = try await ctx.service.post.find(ctx.params["id"])
    try await ctx.service.post.delete(post.id)
    leave("/", "“\(post.title)” is gone.")
  }

  // MARK: forms

  /// Checks the form and runs `save`. What is wrong is shown in the form again, with status 422.
  ///
  /// - Returns: nil when the form was shown.
  private func saving<T>(
    action: String, post: Bool = false, _ save: (Draft) async throws -> T
  ) async throws -> T? {
    var errors = ValueMap()
    do {
      return try await save(try ctx.validate(Draft.self))
    } catch let error as SQLError where error.isDuplicate {
      errors["title"] = "There is a post with this title already."
    } catch let error as EggError where error.code == "invalid_param" {
      for mistake in error.properties["errors"]?.array ?? [] {
        errors[mistake.field.string ?? ""] = mistake.message
      }
    }
    ctx.status = 422
    try await ctx.render(
      "posts/form.njk",
      [
        "action": action, "post": post, "draft": ctx.request.body, "errors": Value.map(errors),
      ])
    return nil
  }

  /// Goes on with a page that says `notice`, once.
  private func leave(_ path: String, _ notice: String) {
    ctx.session.notice = .text(notice)
    ctx.status = 303
    ctx.redirect(path)
  }
}
