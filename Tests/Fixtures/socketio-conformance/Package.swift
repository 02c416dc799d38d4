// swift-tools-version: 6.2
import PackageDescription

let package = Package(
  name: "socketio-conformance",
  products: [
    .library(name: "socketio-conformance", type: .dynamic, targets: ["SocketIOConformance"])
  ],
  dependencies: [.package(name: "egg", path: "../../..")],
  targets: [
    .target(
      name: "SocketIOConformance",
      dependencies: [
        .product(name: "Egg", package: "egg"),
        .product(name: "EggSocketIO", package: "egg"),
        .product(name: "EggEngineIO", package: "egg"),
      ],
      path: ".",
      sources: ["app/router.swift"],
      swiftSettings: [
        .defaultIsolation(MainActor.self),
        .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
        .enableUpcomingFeature("InferIsolatedConformances"),
      ],
      plugins: [.plugin(name: "EggLoader", package: "egg")])
  ]
)
