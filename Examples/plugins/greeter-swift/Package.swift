// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "greeter",
  products: [.library(name: "greeter", type: .dynamic, targets: ["greeter"])],
  dependencies: [.package(name: "egg", path: "../../..")],
  targets: [
    .target(
      name: "greeter",
      dependencies: [.product(name: "Egg", package: "egg")],
      path: ".",
      // The loader compiles the rest of app/** and app.swift; a target must name one file.
      sources: ["app/extend/context.swift"],
      swiftSettings: [
        .defaultIsolation(MainActor.self),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
      ],
      plugins: [.plugin(name: "EggLoader", package: "egg")])
  ]
)
