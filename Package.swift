// swift-tools-version: 6.2
import PackageDescription

/// Application and plugin code: everything on the main actor, which is the worker's loop.
let unitSettings: [SwiftSetting] = [
  .defaultIsolation(MainActor.self),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

/// A plugin is a unit folder; the loader makes its entry point, so it depends on nothing but the SDK.
func plugin(_ folder: String, _ module: String, dependencies: [Target.Dependency] = [],
  sources: [String]) -> Target
{
  .target(
    name: module, dependencies: ["Egg"] + dependencies, path: "Plugins/\(folder)", sources: sources,
    swiftSettings: unitSettings, plugins: ["EggLoader"])
}

let package = Package(
  name: "egg",
  products: [
    .executable(name: "egg", targets: ["EggCommand"]),
    .library(name: "Egg", targets: ["Egg"]),
    .plugin(name: "EggLoader", targets: ["EggLoader"]),
    .library(name: "LoopProbeLibrary", type: .dynamic, targets: ["LoopProbeLibrary"]),
  ],
  targets: [
    // The contract, and what stands on both sides of it.
    .target(name: "PluginABI"),
    .target(name: "EggHTTPSemantics"),

    // The host.
    .systemLibrary(name: "LinuxHeaders", path: "Sources/EggKernel/Loop/LinuxHeaders"),
    .systemLibrary(
      name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    .systemLibrary(
      name: "COpenSSL", path: "Sources/COpenSSL", pkgConfig: "libcrypto",
      providers: [.apt(["libssl-dev"])]),
    .target(
      name: "EggKernel",
      dependencies: ["PluginABI", "EggHTTPSemantics", "LinuxHeaders", "CZlib", "COpenSSL"],
      exclude: ["Loop/LinuxHeaders"],
      // The loop's objects are used by one thread; the checks cost a quarter of a request. Debug
      // builds, and so the tests, keep them.
      swiftSettings: [.unsafeFlags(["-enforce-exclusivity=unchecked"], .when(configuration: .release))]),
    .executableTarget(name: "EggCommand", dependencies: ["EggKernel"]),

    // The SDK and what writes a unit's entry point.
    .target(
      name: "Egg", dependencies: ["PluginABI", "EggHTTPSemantics"], swiftSettings: unitSettings),
    .executableTarget(name: "EggLoaderTool"),
    .plugin(
      name: "EggLoader", capability: .buildTool(), dependencies: ["EggLoaderTool"],
      path: "Plugins/EggLoader"),

    // Tests.
    .target(name: "LoopProbeLibrary", path: "Tests/Probes/LoopProbeLibrary"),
    .executableTarget(
      name: "LoopProbe", dependencies: ["EggKernel"], path: "Tests/Probes/LoopProbe"),
    .testTarget(
      name: "EggKernelTests",
      dependencies: ["EggKernel", "EggHTTPSemantics", "LoopProbe", "LoopProbeLibrary"]),
    .testTarget(
      name: "EggTests", dependencies: ["Egg", "PluginABI"], swiftSettings: unitSettings),
    .testTarget(name: "EggLoaderToolTests", dependencies: ["EggLoaderTool"]),
    .testTarget(name: "EggCommandTests", dependencies: ["EggCommand"]),
  ]
)
