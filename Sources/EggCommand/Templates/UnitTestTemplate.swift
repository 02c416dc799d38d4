extension Template {
  /// The tests of a plugin or framework: an application in `Tests/app` that uses it, and requests to it.
  ///
  /// - Parameters:
  ///   - egg: the application's `egg.json`, as `plugins` and `config` are its two files of those names.
  ///   - answer: what its controller answers with.
  ///   - test: the body of the one test, whose name is `sentence`.
  static func unitTests(
    egg: String, plugins: String, config: String, answer: String, sentence: String, test: String
  ) -> [(path: String, text: String)] {
    [
      ("Tests/app/egg.json", egg), ("Tests/app/config/plugin.json", plugins),
      ("Tests/app/config/config.default.json", config),
      (
        "Tests/app/app/router.swift",
        #"""
        import Egg

        /// The application that the tests run in.
        func router(_ app: Application) {
          app.router.get("/", app.controller.home.index)
        }

        """#
      ),
      (
        "Tests/app/app/controller/home.swift",
        filled(
          #"""
          import Egg

          final class HomeController: Controller {
            func index() {
              ctx.body = @ANSWER@
            }
          }

          """#, [("@ANSWER@", answer)])
      ),
      (
        "Tests/@TYPE@Tests.swift",
        filled(
          #"""
          import EggMock
          import Testing

          /// `Tests/app`, beside this file.
          private let application = String(#filePath.dropLast("/@TYPE@Tests.swift".utf8.count)) + "/app"

          @Suite(.app(baseDir: application)) struct @TYPE@Tests {
            @Test func `@SENTENCE@`() async throws {
              let app = try await mock.app(baseDir: application)
              @TEST@
            }
          }

          """#, [("@SENTENCE@", sentence), ("@TEST@", test)])
      ),
    ]
  }

  /// The targets of those tests, for `Package.swift`.
  static let unitTestTargets = #"""
    ,
        .target(
          name: "@MODULE@TestApp",
          dependencies: [.product(name: "Egg", package: "egg")],
          path: "Tests/app",
          sources: ["app/router.swift"],
          swiftSettings: [
            .defaultIsolation(MainActor.self),
            .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
            .enableUpcomingFeature("InferIsolatedConformances"),
          ],
          plugins: [.plugin(name: "EggLoader", package: "egg")]),
        .testTarget(
          name: "@MODULE@Tests",
          // Linked with the application; the library of this package is opened as in a worker.
          dependencies: ["@MODULE@TestApp", .product(name: "EggMock", package: "egg")],
          path: "Tests",
          exclude: ["app"],
          swiftSettings: [.defaultIsolation(MainActor.self)])
    """#
}
