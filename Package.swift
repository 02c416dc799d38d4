// swift-tools-version: 6.2
import PackageDescription

/// The kernel calls units on one thread, the loop's, and nowhere else, so what Swift would check at run
/// time holds by construction. Debug builds, and so the tests, keep the checks.
let loopSettings: [SwiftSetting] = [
  .unsafeFlags(
    ["-enforce-exclusivity=unchecked", "-Xfrontend", "-disable-dynamic-actor-isolation"],
    .when(configuration: .release))
]

/// Application and plugin code: everything on the main actor, which is the worker's loop.
let unitSettings: [SwiftSetting] = [
  .defaultIsolation(MainActor.self),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

/// A plugin is a unit folder; the loader writes its entry point. `EggHTTPSemantics` and `PluginABI` are
/// what any plugin may use beside the SDK.
func unit(
  _ module: String, _ folder: String, dependencies: [Target.Dependency] = [], sources: [String],
  exclude: [String] = []
) -> Target {
  .target(
    name: module, dependencies: ["Egg"] + dependencies, path: folder, exclude: exclude,
    sources: sources, swiftSettings: unitSettings + loopSettings, plugins: ["EggLoader"])
}

let package = Package(
  name: "egg",
  products: [
    .executable(name: "egg", targets: ["EggCommand"]),
    .library(name: "Egg", targets: ["Egg"]),
    .plugin(name: "EggLoader", targets: ["EggLoader"]),
    .library(name: "EggStatic", type: .dynamic, targets: ["EggStatic"]),
    .library(name: "EggView", type: .dynamic, targets: ["EggView"]),
    .library(name: "EggViewNunjucks", type: .dynamic, targets: ["EggViewNunjucks"]),
    .library(name: "EggSQL", targets: ["EggSQL"]),
    .library(name: "EggMySQL", targets: ["EggMySQL"]),
    .library(name: "MySQLProbe", type: .dynamic, targets: ["MySQLProbe"]),
    .library(name: "EggMySQLPlugin", type: .dynamic, targets: ["EggMySQLPlugin"]),
    .executable(name: "nunjucks-conformance", targets: ["NunjucksConformance"]),
    .executable(name: "nunjucks-bench", targets: ["NunjucksBench"]),
    .executable(name: "nunjucks-difffuzz", targets: ["NunjucksDiffFuzz"]),
    .library(name: "LoopProbeLibrary", type: .dynamic, targets: ["LoopProbeLibrary"]),
    .library(name: "ViewProbe", type: .dynamic, targets: ["ViewProbe"]),
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
      swiftSettings: loopSettings),
    .target(name: "EggTestKit", dependencies: ["PluginABI"], linkerSettings: [.linkedLibrary("dl"), .linkedLibrary("m"), .linkedLibrary("pthread")]),
    .executableTarget(name: "EggCommand", dependencies: ["EggKernel", "EggTestKit"]),

    // The SDK and what writes a unit's entry point.
    .target(name: "EggWebSocket"),
    .target(
      name: "Egg", dependencies: ["PluginABI", "EggHTTPSemantics", "EggWebSocket"],
      swiftSettings: unitSettings + loopSettings),
    .executableTarget(name: "EggLoaderTool"),
    .plugin(
      name: "EggLoader", capability: .buildTool(), dependencies: ["EggLoaderTool"],
      path: "Plugins/EggLoader"),

    // Plugins.
    unit(
      "EggStatic", "Plugins/static", dependencies: ["EggHTTPSemantics", "PluginABI"],
      sources: ["app.swift", "Sources"], exclude: ["Tests"]),
    unit(
      "EggView", "Plugins/view", dependencies: ["PluginABI"],
      sources: ["app", "app.swift", "Sources"], exclude: ["Tests"]),
    .target(name: "Nunjucks", path: "Plugins/view-nunjucks/Sources/Nunjucks"),
    unit(
      "EggViewNunjucks", "Plugins/view-nunjucks", dependencies: ["PluginABI", "Nunjucks"],
      sources: ["app", "app.swift", "Sources/Entry"],
      exclude: ["Tests", "Tools", "Sources/Nunjucks"]),
    .executableTarget(
      name: "NunjucksConformance", dependencies: ["Nunjucks"],
      path: "Plugins/view-nunjucks/Tools/Conformance"),
    .executableTarget(
      name: "NunjucksBench", dependencies: ["Nunjucks"], path: "Plugins/view-nunjucks/Tools/Bench"),
    .executableTarget(
      name: "NunjucksDiffFuzz", dependencies: ["Nunjucks"],
      path: "Plugins/view-nunjucks/Tools/DiffFuzz"),

    // Databases: the statement builder, what MySQL and SQLite share, and the plugins.
    .target(name: "EggSQL", path: "Plugins/sql/Sources/EggSQL"),
    .systemLibrary(
      name: "CMariaDB", path: "Plugins/mysql/Sources/CMariaDB", pkgConfig: "libmariadb",
      providers: [.apt(["libmariadb-dev"])]),
    .target(
      name: "MySQLEngine", dependencies: ["CMariaDB", "EggSQL"], path: "Plugins/mysql/Sources/Engine",
      swiftSettings: unitSettings + loopSettings),
    .target(
      name: "EggSQLClient", dependencies: ["Egg", "EggSQL", "PluginABI"],
      path: "Plugins/sql/Sources/EggSQLClient", swiftSettings: unitSettings + loopSettings),
    .target(
      name: "EggSQLUnit", dependencies: ["Egg", "EggSQL", "EggSQLClient", "PluginABI"],
      path: "Plugins/sql/Sources/EggSQLUnit", swiftSettings: unitSettings + loopSettings),
    unit(
      "EggMySQLPlugin", "Plugins/mysql",
      dependencies: ["EggSQL", "EggSQLClient", "EggSQLUnit", "MySQLEngine"],
      sources: ["app.swift", "agent.swift", "Sources/Entry"],
      exclude: ["Tests", "Sources/CMariaDB", "Sources/Engine", "Sources/EggMySQL"]),
    .target(
      name: "EggMySQL", dependencies: ["Egg", "EggSQL", "EggSQLClient"],
      path: "Plugins/mysql/Sources/EggMySQL", swiftSettings: unitSettings + loopSettings),
    unit(
      "MySQLProbe", "Plugins/mysql/Tests/probe", dependencies: ["EggMySQL"],
      sources: ["app/router.swift"]),
    .testTarget(
      name: "EggMySQLPluginTests", dependencies: ["MySQLTestSupport", "EggCommand"],
      path: "Plugins/mysql/Tests/PluginTests"),
    .target(name: "MySQLTestSupport", path: "Plugins/mysql/Tests/Support"),
    .testTarget(
      name: "MySQLEngineTests", dependencies: ["MySQLEngine", "EggSQL", "MySQLTestSupport"],
      path: "Plugins/mysql/Tests/EngineTests", swiftSettings: unitSettings),
    .testTarget(name: "EggSQLTests", dependencies: ["EggSQL"], path: "Plugins/sql/Tests/EggSQLTests"),

    // Tests.
    .target(name: "LoopProbeLibrary", path: "Tests/Probes/LoopProbeLibrary"),
    .executableTarget(
      name: "LoopProbe", dependencies: ["EggKernel"], path: "Tests/Probes/LoopProbe"),
    .executableTarget(
      name: "ServerProbe", dependencies: ["EggKernel"], path: "Tests/Probes/ServerProbe"),
    .testTarget(
      name: "EggKernelTests",
      dependencies: ["EggKernel", "EggHTTPSemantics", "LoopProbe", "LoopProbeLibrary"]),
    .testTarget(name: "EggServerTests", dependencies: ["ServerProbe"]),
    .testTarget(
      name: "EggTests", dependencies: ["Egg", "PluginABI"], swiftSettings: unitSettings),
    .testTarget(name: "EggWebSocketTests", dependencies: ["EggWebSocket"]),
    // The examples of Egg's own introduction, rewritten in Swift and run through the kernel.
    .testTarget(name: "SeedTests", dependencies: ["EggCommand", "EggWebSocket"]),
    .testTarget(name: "EggLoaderToolTests", dependencies: ["EggLoaderTool"]),
    .testTarget(name: "EggCommandTests", dependencies: ["EggCommand"]),
    .testTarget(
      // The one unit that a test bundle may hold: each has an entry point of the same name.
      name: "EggStaticTests", dependencies: ["EggStatic", "EggHTTPSemantics", "ServerProbe"],
      path: "Plugins/static/Tests", swiftSettings: unitSettings),
    .testTarget(
      name: "NunjucksTests", dependencies: ["Nunjucks"],
      path: "Plugins/view-nunjucks/Tests/NunjucksTests"),
    .target(name: "ViewTestSupport", path: "Plugins/view/Tests/Support"),
    unit(
      "ViewProbe", "Plugins/view/Tests/probe", sources: ["app/router.swift"],
      exclude: ["other"]),
    .testTarget(
      name: "EggViewTests", dependencies: ["ViewTestSupport", "EggCommand"],
      path: "Plugins/view/Tests/EggViewTests"),
    .testTarget(
      name: "EggViewNunjucksTests",
      dependencies: ["ViewTestSupport", "EggCommand"],
      path: "Plugins/view-nunjucks/Tests/EntryTests"),
  ]
)
