extension Template {
  static let swiftPlugin: [(path: String, text: String)] = [
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
            sources: ["app/extend/context.swift"],
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
      "app/middleware/@MEMBER@.swift",
      #"""
      import Egg

      struct @TYPE@Options: Decodable {
        var text: String
      }

      /// Sets the header `X-@HEADER@` on every answer.
      func @MEMBER@(_ options: @TYPE@Options) -> Middleware {
        return { ctx, next in
          ctx.set("X-@HEADER@", options.text)
          try await next()
        }
      }

      """#
    ),
    (
      "app/extend/context.swift",
      #"""
      import Egg

      extension Context {
        /// `config.@MEMBER@.text`
        var @MEMBER@: String { app.config["@MEMBER@"]["text"].string ?? "" }
      }

      """#
    ),
  ]
}
