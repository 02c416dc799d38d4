// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "chat",
  products: [.library(name: "chat", type: .dynamic, targets: ["chat"])],
  dependencies: [.package(name: "egg", path: "../..")],
  targets: [
    .target(
      name: "chat",
      dependencies: [
        .product(name: "Egg", package: "egg"),
        .product(name: "EggRedis", package: "egg"),
        .product(name: "EggSocketIO", package: "egg"),
      ],
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
