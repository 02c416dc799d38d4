// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "hello",
  products: [.library(name: "hello", type: .dynamic, targets: ["hello"])],
  dependencies: [.package(name: "egg", path: "../..")],
  targets: [
    .target(
      name: "hello",
      dependencies: [.product(name: "Egg", package: "egg")],
      path: ".",
      exclude: ["Tests"],
      // The loader compiles the rest of app/** and app.swift; a target must name one file.
      sources: ["app/router.swift"],
      swiftSettings: [
        .defaultIsolation(MainActor.self),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
      ],
      plugins: [.plugin(name: "EggLoader", package: "egg")]),
    .testTarget(
      name: "helloTests",
      dependencies: ["hello", .product(name: "EggMock", package: "egg")],
      path: "Tests",
      swiftSettings: [.defaultIsolation(MainActor.self)]),
  ]
)
