// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "benchmark-app",
  products: [.library(name: "bench", type: .dynamic, targets: ["bench"])],
  dependencies: [.package(name: "egg", path: "../..")],
  targets: [
    .target(
      name: "bench",
      dependencies: [.product(name: "Egg", package: "egg")],
      path: ".",
      // The loader compiles the rest of app/** and app.swift; a target must name one file.
      sources: ["app/router.swift"],
      swiftSettings: [
        .defaultIsolation(MainActor.self),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
      ],
      plugins: [.plugin(name: "EggLoader", package: "egg")])
  ]
)
