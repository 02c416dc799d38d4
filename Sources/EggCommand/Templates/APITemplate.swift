extension Template {
  /// A server of JSON: resources, a service, validation, no cookies and no csrf tokens for it.
  static let apiApplication = Template(
    files: applicationPackage(products: ["EggValidateClient"])
      + simpleApplication.files.filter {
        ["egg.json", ".gitignore", "README.md"].contains($0.path)
      } + [
        (
          "app/router.swift",
          #"""
          import Egg

          func router(_ app: Application) {
            app.router.resources("posts", "/api/posts", app.controller.posts)
          }

          """#
        ),
        (
          "app/controller/posts.swift",
          #"""
          import Egg
          import EggValidateClient

          final class PostsController: Controller {
            struct NewPost: Validatable {
              static let rules: Value = ["title": ["type": "string", "max": 100] as Value]
              let title: String
            }

            /// GET /api/posts
            func index() { ctx.body = ctx.service.post.list() }

            /// GET /api/posts/:id
            func show() throws { ctx.body = try ctx.service.post.find(ctx.params["id"]) }

            /// POST /api/posts with {"title": "…"}
            func create() throws {
              let post = try ctx.validate(NewPost.self)
              ctx.body = ctx.service.post.add(post.title)
              ctx.status = 201
            }
          }

          """#
        ),
        (
          "app/service/post.swift",
          #"""
          import Egg

          struct Post: Codable {
            let id: Int
            let title: String
          }

          /// Keeps posts in the memory of one worker; a database takes its place.
          class PostService: Service {
            private static var posts: [Post] = []

            func list() -> [Post] { PostService.posts }

            func find(_ id: String) throws -> Post {
              guard let post = PostService.posts.first(where: { String($0.id) == id }) else {
                try ctx.throw(404, "no post \(id)")
              }
              return post
            }

            func add(_ title: String) -> Post {
              let post = Post(id: PostService.posts.count + 1, title: title)
              PostService.posts.append(post)
              return post
            }
          }

          """#
        ),
        (
          "config/config.default.json",
          #"""
          {
            // Signs cookies. Keep it secret; put new keys in front to change it.
            "keys": "@KEYS@",
            // Requests with JSON need no token; no site can send one without being allowed to.
            "security": { "csrf": { "ignoreJSON": true } }
          }

          """#
        ),
        (
          "config/plugin.json",
          #"""
          { "validate": true, "view": false, "static": false }

          """#
        ),
        (
          "Tests/PostsTests.swift",
          #"""
          import EggMock
          import Testing

          @Suite(.app()) struct PostsTests {
            @Test func `a post is created and found`() async throws {
              let app = try await mock.app()
              try await app.httpRequest().post("/api/posts").send(["title": "hi"] as Value)
                .expect(201).expect(["id": 1, "title": "hi"] as Value)
              try await app.httpRequest().get("/api/posts/1").expect(200)
              try await app.httpRequest().get("/api/posts/2").expect(404)
            }

            @Test func `a post without a title is refused`() async throws {
              let app = try await mock.app()
              try await app.httpRequest().post("/api/posts").send([:] as Value).expect(422)
            }
          }

          """#
        ),
      ])
}
