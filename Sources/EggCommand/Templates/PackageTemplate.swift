extension Template {
  /// `Package.swift` of an application: its library, and a test target that is linked with it.
  ///
  /// - Parameter products: products of Egg's package that it uses beside the SDK.
  static func applicationPackage(products: [String] = []) -> [(path: String, text: String)] {
    let more = products.map { ",\n          .product(name: \"\($0)\", package: \"egg\")" }.joined()
    let tests = #"""
      ,
          .testTarget(
            name: "@MODULE@Tests",
            dependencies: ["@NAME@", .product(name: "EggMock", package: "egg")],
            path: "Tests",
            swiftSettings: [.defaultIsolation(MainActor.self)])
      """#
    return package(source: "app/router.swift", more: more, after: tests)
  }

  /// `Package.swift` of a framework, with the application that tests it.
  static func frameworkPackage() -> [(path: String, text: String)] {
    package(
      source: "app/extend/application.swift", more: "", after: unitTestTargets)
  }

  /// `Package.swift` of a plugin, likewise.
  static func pluginPackage() -> [(path: String, text: String)] {
    package(source: "app/extend/context.swift", more: "", after: unitTestTargets)
  }

  private static func package(
    source: String, more: String, after: String
  ) -> [(path: String, text: String)] {
    let text = #"""
      // swift-tools-version: 6.2
      import PackageDescription

      let package = Package(
        name: "@NAME@",
        products: [.library(name: "@NAME@", type: .dynamic, targets: ["@NAME@"])],
        dependencies: [.package(name: "egg", path: "@EGG@")],
        targets: [
          .target(
            name: "@NAME@",
            dependencies: [
              .product(name: "Egg", package: "egg")@MORE@
            ],
            path: ".",
            exclude: ["Tests"],
            // The loader finds and compiles the rest of app/ itself.
            sources: ["@SOURCE@"],
            swiftSettings: [
              .defaultIsolation(MainActor.self),
              .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
              .enableUpcomingFeature("InferIsolatedConformances"),
            ],
            plugins: [.plugin(name: "EggLoader", package: "egg")])@AFTER@
        ]
      )

      """#
    return [
      (
        "Package.swift",
        filled(
          text,
          [("@MORE@", more), ("@SOURCE@", source), ("@AFTER@", after)])
      )
    ]
  }
}
