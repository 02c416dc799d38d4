import Egg
import EggSessionClient
import EggValidateClient

/// The controller of Egg's own guide.
final class PostController: Controller {
  private static let createRule: Value = [
    "title": "string", "content": ["type": "string", "required": false] as Value,
  ]

  func create() async throws {
    try ctx.validate(Self.createRule)
    var post = ctx.request.body
    post.author = ctx.session.userId
    ctx.body = try await ctx.service.post.create(post)
    ctx.status = 201
  }

  struct CreatePost: Validatable, Encodable {
    static let rules: Value = [
      "title": ["type": "string", "trim": true, "max": 5] as Value, "stars": "int?",
      "kind": ["type": "enum", "values": ["note", "link"], "required": false, "default": "note"]
        as Value,
    ]
    let title: String
    let stars: Int8?
    let kind: String
  }

  func typed() throws { ctx.body = try ctx.validate(CreatePost.self) }

  /// By name, as a unit in another language does it.
  func rules() throws {
    let body = ctx.request.body
    ctx.body = try ctx.callNow("validate", body.rules, body.data)
  }
}
