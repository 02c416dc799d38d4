// swift-tools-version: 6.2
import PackageDescription

let unitSettings: [SwiftSetting] = [
  .defaultIsolation(MainActor.self),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

func unit(_ name: String, path: String, sources: [String]) -> Target {
  .target(
    name: name, dependencies: [.product(name: "Egg", package: "egg")], path: path, sources: sources,
    swiftSettings: unitSettings, plugins: [.plugin(name: "EggLoader", package: "egg")])
}

let package = Package(
  name: "seed",
  products: ["seed", "steps", "lifecycle"].map {
    .library(name: $0, type: .dynamic, targets: [$0])
  },
  dependencies: [.package(name: "egg", path: "../../..")],
  targets: [
    unit("seed", path: ".", sources: ["app/router.swift"]),
    unit("steps", path: "plugins/steps", sources: ["app/extend/helper.swift"]),
    unit("lifecycle", path: "lifecycle", sources: ["app/router.swift"]),
  ]
)
