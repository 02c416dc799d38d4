// swift-tools-version: 6.2
import PackageDescription

let settings: [SwiftSetting] = [
  .defaultIsolation(MainActor.self),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

let package = Package(
  name: "yadan",
  products: [
    .library(name: "yadan", type: .dynamic, targets: ["YadanFramework"]),
    .library(name: "yadan-request-id", type: .dynamic, targets: ["YadanRequestID"]),
    .library(name: "yadan-example", type: .dynamic, targets: ["YadanApplication"]),
  ],
  dependencies: [.package(name: "egg", path: "../..")],
  targets: [
    .target(
      name: "YadanFramework", dependencies: [.product(name: "Egg", package: "egg")], path: ".",
      exclude: ["example", "plugins", "README.md"], sources: ["app", "app.swift"],
      swiftSettings: settings,
      plugins: [.plugin(name: "EggLoader", package: "egg")]),
    .target(
      name: "YadanRequestID", dependencies: [.product(name: "Egg", package: "egg")],
      path: "plugins/yadan-request-id", sources: ["app"], swiftSettings: settings,
      plugins: [.plugin(name: "EggLoader", package: "egg")]),
    .target(
      name: "YadanApplication", dependencies: [.product(name: "Egg", package: "egg")],
      path: "example",
      sources: ["app/router.swift"], swiftSettings: settings,
      plugins: [.plugin(name: "EggLoader", package: "egg")]),
  ]
)
