extension Template {
  /// The smallest application: one route, one controller.
  static let simpleApplication = Template(files: [
    (
      "Package.swift",
      #"""
      // swift-tools-version: 6.2
      import PackageDescription

      let package = Package(
        name: "@NAME@",
        products: [.library(name: "@NAME@", type: .dynamic, targets: ["@NAME@"])],
        dependencies: [.package(name: "egg", path: "@EGG@")],
        targets: [
          .target(
            name: "@NAME@",
            dependencies: [.product(name: "Egg", package: "egg")],
            path: ".",
            // The loader finds and compiles the rest of app/ itself.
            sources: ["app/router.swift"],
            swiftSettings: [
              .defaultIsolation(MainActor.self),
              .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
              .enableUpcomingFeature("InferIsolatedConformances"),
            ],
            plugins: [.plugin(name: "EggLoader", package: "egg")])
        ]
      )

      """#
    ),
    (
      "egg.json",
      #"""
      { "name": "@NAME@", "version": "0.1.0" }

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
        // "NAME": true switches an installed plugin on; { "path": "../../NAME" } says
        // where it is, seen from this folder.
      }

      """#
    ),
    (
      ".gitignore",
      #"""
      .build/
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
      | `config/` | `config.default.json`, `config.prod.json` …, `plugin.json` |

      """#
    ),
  ])
}
