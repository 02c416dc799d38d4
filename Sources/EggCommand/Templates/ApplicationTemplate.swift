extension Template {
  /// The smallest application: one route, one controller, one test.
  static let simpleApplication = Template(
    files: applicationPackage() + [
      (
        "egg.json",
        #"""
        { "name": "@NAME@", "version": "0.1.0", "framework": "egg" }

        """#
      ),
      (
        "app/router.swift",
        #"""
        import Egg

        func router(_ app: Application) {
          app.router.get("/", app.controller.home.index)
        }

        """#
      ),
      (
        "app/controller/home.swift",
        #"""
        import Egg

        final class HomeController: Controller {
          func index() {
            ctx.body = "hi, egg"
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
          // Names of files in app/middleware, from the outside in.
          "middleware": []
        }

        """#
      ),
      (
        "config/plugin.json",
        #"""
        {
          // The framework egg has security, session, static and more on; "NAME": false switches one
          // off, "validate": true one on. { "path": "../../NAME" } is a plugin of your own, seen from
          // this folder.
        }

        """#
      ),
      (
        "Tests/HomeTests.swift",
        #"""
        import EggMock
        import Testing

        @Suite(.app()) struct HomeTests {
          @Test func `the front page says hi`() async throws {
            let app = try await mock.app()
            #expect(try app.keys[0].hasPrefix("@NAME@_"))
            try await app.httpRequest().get("/").expect(200).expect("hi, egg")
          }
        }

        """#
      ),
      (
        ".gitignore",
        #"""
        .build/
        coverage/
        run/
        logs/

        """#
      ),
      (
        "README.md",
        #"""
        # @NAME@

        ```
        egg dev                # build, serve, http://127.0.0.1:7001
        egg test               # build, run the tests
        egg build              # the release build
        egg start              # serve it in production
        egg inspect routes     # what answers where
        ```

        | folder | what goes there |
        | --- | --- |
        | `app/router.swift` | which path goes to which controller |
        | `app/controller/` | one class a file, a method for each route |
        | `app/service/` | business logic, `ctx.service.NAME` |
        | `app/middleware/` | one function a file, switched on in `config/config.default.json` |
        | `Tests/` | tests, with `import EggMock` |
        | `config/` | `config.default.json`, `config.prod.json` …, `plugin.json` |

        """#
      ),
    ])
}
