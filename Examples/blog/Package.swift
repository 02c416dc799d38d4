// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "blog",
  products: [.library(name: "blog", type: .dynamic, targets: ["blog"])],
  dependencies: [.package(name: "egg", path: "../..")],
  targets: [
    .target(
      name: "blog",
      dependencies: [
        .product(name: "Egg", package: "egg"),
        .product(name: "EggDatabase", package: "egg"),
        .product(name: "EggSessionClient", package: "egg"),
        .product(name: "EggValidateClient", package: "egg"),
      ],
      path: ".",
      exclude: ["Tests"],
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
