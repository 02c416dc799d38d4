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

/// The typed face of a plugin for applications: `import EggSessionClient`. It reaches the plugin by the
/// names that its manifest announces, and links nothing of it.
func client(
  _ module: String, _ folder: String, dependencies: [Target.Dependency] = []
) -> Target {
  .target(
    name: module, dependencies: ["Egg"] + dependencies, path: folder + "/Client",
    swiftSettings: unitSettings + loopSettings)
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
    .library(name: "EggSession", type: .dynamic, targets: ["EggSession"]),
    .library(name: "EggSessionClient", targets: ["EggSessionClient"]),
    .library(name: "EggSecurity", type: .dynamic, targets: ["EggSecurity"]),
    .library(name: "EggSecurityClient", targets: ["EggSecurityClient"]),
    .library(name: "EggValidate", type: .dynamic, targets: ["EggValidate"]),
    .library(name: "EggValidateClient", targets: ["EggValidateClient"]),
    .library(name: "EggJsonp", type: .dynamic, targets: ["EggJsonp"]),
    .library(name: "EggJsonpClient", targets: ["EggJsonpClient"]),
    .library(name: "EggCors", type: .dynamic, targets: ["EggCors"]),
    .library(name: "EggI18n", type: .dynamic, targets: ["EggI18n"]),
    .library(name: "EggI18nClient", targets: ["EggI18nClient"]),
    .library(name: "BuiltinsProbe", type: .dynamic, targets: ["BuiltinsProbe"]),
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
      "EggViewNunjucks", "Plugins/view-nunjucks", dependencies: ["PluginABI", "Nunjucks", "EggSecurityRules"],
      sources: ["app", "app.swift", "Sources/Entry"],
      exclude: ["Tests", "Tools", "Sources/Nunjucks"]),
    unit(
      "EggSession", "Plugins/session", sources: ["app", "app.swift", "Sources"],
      exclude: ["Client"]),
    client("EggSessionClient", "Plugins/session"),
    .target(name: "EggSecurityRules", path: "Plugins/security/Sources/Rules"),
    // What the plugin and its client module have in common.
    .target(
      name: "EggSecurityHelper", dependencies: ["Egg", "EggSecurityRules"],
      path: "Plugins/security/Sources/Helper", swiftSettings: unitSettings + loopSettings),
    unit(
      "EggSecurity", "Plugins/security",
      dependencies: ["PluginABI", "EggSecurityRules", "EggSecurityHelper"],
      sources: ["app", "app.swift", "Sources/Entry"],
      exclude: ["Client", "Sources/Rules", "Sources/Helper"]),
    client(
      "EggSecurityClient", "Plugins/security",
      dependencies: ["EggSecurityRules", "EggSecurityHelper"]),
    .target(
      name: "EggValidation", dependencies: ["Egg"], path: "Plugins/validate/Sources/Rules",
      swiftSettings: unitSettings + loopSettings),
    unit(
      "EggValidate", "Plugins/validate", dependencies: ["EggValidation"], sources: ["app.swift"],
      exclude: ["Client", "Sources"]),
    client("EggValidateClient", "Plugins/validate", dependencies: ["EggValidation"]),
    unit(
      "EggJsonp", "Plugins/jsonp", dependencies: ["EggSecurityRules"], sources: ["app", "Sources"],
      exclude: ["Client"]),
    client("EggJsonpClient", "Plugins/jsonp"),
    unit("EggCors", "Plugins/cors", sources: ["app", "app.swift", "Sources"]),
    unit("EggI18n", "Plugins/i18n", sources: ["app.swift", "Sources"], exclude: ["Client"]),
    client("EggI18nClient", "Plugins/i18n"),
    .executableTarget(
      name: "NunjucksConformance", dependencies: ["Nunjucks"],
      path: "Plugins/view-nunjucks/Tools/Conformance"),
    .executableTarget(
      name: "NunjucksBench", dependencies: ["Nunjucks"], path: "Plugins/view-nunjucks/Tools/Bench"),
    .executableTarget(
      name: "NunjucksDiffFuzz", dependencies: ["Nunjucks"],
      path: "Plugins/view-nunjucks/Tools/DiffFuzz"),

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
    // One application for the plugins that an Egg developer has without asking.
    unit(
      "BuiltinsProbe", "Tests/Fixtures/builtins",
      dependencies: [
        "EggSessionClient", "EggSecurityClient", "EggValidateClient", "EggJsonpClient",
        "EggI18nClient",
      ],
      sources: ["app/router.swift"]),
    .testTarget(
      name: "BuiltinPluginTests",
      dependencies: ["EggCommand", "EggSecurityRules", "EggValidation"]),
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
