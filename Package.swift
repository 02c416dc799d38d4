// swift-tools-version: 6.2
import PackageDescription

/// The kernel calls units on one thread, the loop's, and nowhere else, so what Swift would check at run
/// time holds by construction. Debug builds, and so the tests, keep the checks.
let loopSettings: [SwiftSetting] = [
  .unsafeFlags(
    ["-enforce-exclusivity=unchecked", "-Xfrontend", "-disable-dynamic-actor-isolation"],
    .when(configuration: .release))
]

/// Templates are rendered on one thread, the loop's, so their values are counted without atomics.
let templateSettings: [SwiftSetting] = [
  .unsafeFlags(
    ["-enforce-exclusivity=unchecked", "-Xfrontend", "-assume-single-threaded"],
    .when(configuration: .release))
]

/// Application and plugin code: everything on the main actor, which is the worker's loop.
let unitSettings: [SwiftSetting] = [
  .defaultIsolation(MainActor.self),
  .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
  .enableUpcomingFeature("InferIsolatedConformances"),
]

/// Whatever links the SDK, applications elsewhere too: no library that nothing is used of, and in release
/// builds no symbol but the entry point, so that the linker drops what the unit does not use of the SDK.
let unitLinking: [LinkerSetting] = [
  .unsafeFlags(["-Xlinker", "--as-needed"]),
  .unsafeFlags(
    ["-Xlinker", "--version-script=\(Context.packageDirectory)/Sources/Egg/exports.map"],
    .when(configuration: .release)),
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
    // The command, the SDK, the test kit.
    .executable(name: "egg", targets: ["EggCommand"]),
    .library(name: "Egg", targets: ["Egg"]),
    .plugin(name: "EggLoader", targets: ["EggLoader"]),
    .library(name: "EggMock", targets: ["EggMock"]),

    // Plugins, and the modules that give applications their types.
    .library(name: "EggStatic", type: .dynamic, targets: ["EggStatic"]),
    .library(name: "EggView", type: .dynamic, targets: ["EggView"]),
    .library(name: "EggViewNunjucks", type: .dynamic, targets: ["EggViewNunjucks"]),
    .library(name: "EggNunjucksClient", targets: ["EggNunjucksClient"]),
    .executable(name: "nunjucks-conformance", targets: ["NunjucksConformance"]),
    .executable(name: "nunjucks-bench", targets: ["NunjucksBench"]),
    .executable(name: "nunjucks-difffuzz", targets: ["NunjucksDiffFuzz"]),
    .library(name: "EggOnerror", type: .dynamic, targets: ["EggOnerror"]),
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
    .library(name: "EggMultipartPlugin", type: .dynamic, targets: ["EggMultipartPlugin"]),
    .library(name: "EggMultipart", targets: ["EggMultipart"]),
    .library(name: "EggCompress", type: .dynamic, targets: ["EggCompress"]),
    .library(name: "EggHTTPClientPlugin", type: .dynamic, targets: ["EggHTTPClientPlugin"]),
    .library(name: "EggHTTPClient", targets: ["EggHTTPClient"]),
    .library(name: "EggSchedule", type: .dynamic, targets: ["EggSchedule"]),
    .library(name: "EggLogrotator", type: .dynamic, targets: ["EggLogrotator"]),
    .library(name: "EggWatcher", type: .dynamic, targets: ["EggWatcher"]),
    .library(name: "EggWatcherClient", targets: ["EggWatcherClient"]),
    .library(name: "EggDevelopment", type: .dynamic, targets: ["EggDevelopment"]),
    .library(name: "EggSQL", targets: ["EggSQL"]),
    .library(name: "EggDatabase", targets: ["EggDatabase"]),
    .library(name: "EggMySQL", targets: ["EggMySQL"]),
    .library(name: "EggMySQLPlugin", type: .dynamic, targets: ["EggMySQLPlugin"]),
    .library(name: "EggSQLite", targets: ["EggSQLite"]),
    .library(name: "EggSQLitePlugin", type: .dynamic, targets: ["EggSQLitePlugin"]),
    .library(name: "EggRedis", targets: ["EggRedis"]),
    .executable(name: "redis-bench", targets: ["RedisBench"]),
    .library(name: "EggRedisPlugin", type: .dynamic, targets: ["EggRedisPlugin"]),
    .library(name: "EggSocketIOPlugin", type: .dynamic, targets: ["EggSocketIOPlugin"]),
    .library(name: "EggSocketIO", targets: ["EggSocketIO"]),
    .library(name: "EggEngineIO", targets: ["EggEngineIO", "EngineIO"]),

    // Examples.
    .library(name: "BlogExample", type: .dynamic, targets: ["BlogExample"]),
    .library(name: "ChatExample", type: .dynamic, targets: ["ChatExample"]),
    .library(name: "yadan", type: .dynamic, targets: ["Yadan"]),
    .library(name: "yadan-request-id", type: .dynamic, targets: ["YadanRequestIDExample"]),
    .library(name: "yadan-example", type: .dynamic, targets: ["YadanExample"]),

    // What tests and benchmarks load.
    .library(name: "BuiltinsProbe", type: .dynamic, targets: ["BuiltinsProbe"]),
    .library(name: "SocketIORedisProbe", type: .dynamic, targets: ["SocketIORedisProbe"]),
    .library(name: "RedisProbe", type: .dynamic, targets: ["RedisProbe"]),
    .library(name: "MySQLProbe", type: .dynamic, targets: ["MySQLProbe"]),
    .library(name: "MySQLBench", type: .dynamic, targets: ["MySQLBench"]),
    .library(name: "SQLiteProbe", type: .dynamic, targets: ["SQLiteProbe"]),
    .library(name: "SocketIOConformance", type: .dynamic, targets: ["SocketIOConformance"]),
    .library(name: "SocketIOProbe", type: .dynamic, targets: ["SocketIOProbe"]),
    .library(name: "LoopProbeLibrary", type: .dynamic, targets: ["LoopProbeLibrary"]),
    .library(name: "ViewProbe", type: .dynamic, targets: ["ViewProbe"]),
    .library(name: "TemplateBench", type: .dynamic, targets: ["TemplateBench"]),
    .library(name: "LogsProbe", type: .dynamic, targets: ["LogsProbe"]),
    .library(name: "ClusterProbe", type: .dynamic, targets: ["ClusterProbe"]),
  ],
  targets: [
    // The contract, and what stands on both sides of it.
    .target(name: "PluginABI"),
    .target(name: "EggHTTPSemantics"),

    // The host.
    .systemLibrary(name: "LinuxHeaders", path: "Sources/EggKernel/Loop/LinuxHeaders"),
    .systemLibrary(
      name: "CZlib", path: "Sources/CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
    // No pkgConfig: libcrypto is not linked but opened late.
    .systemLibrary(
      name: "COpenSSL", path: "Sources/COpenSSL", providers: [.apt(["libssl-dev"])]),
    .target(name: "LateCrypto", linkerSettings: [.linkedLibrary("dl")]),
    .target(
      name: "EggKernel",
      dependencies: [
        "PluginABI", "EggHTTPSemantics", "LinuxHeaders", "CZlib", "COpenSSL", "LateCrypto",
      ],
      exclude: ["Loop/LinuxHeaders"],
      swiftSettings: loopSettings),
    .target(
      name: "EggTestKit", dependencies: ["PluginABI"],
      linkerSettings: [.linkedLibrary("dl"), .linkedLibrary("m"), .linkedLibrary("pthread")]),
    .executableTarget(
      name: "EggCommand",
      dependencies: ["EggHTTPSemantics", "EggKernel", "EggTestKit", "FileWatching", "PluginABI"],
      linkerSettings: [.unsafeFlags(["-Xlinker", "--as-needed"])]),

    // The SDK, what writes a unit's entry point, and the test kit of applications.
    .target(name: "EggWebSocket"),
    .target(name: "EggWebSocketDeflate", dependencies: ["EggWebSocket", "CZlib"]),
    .target(
      name: "Egg", dependencies: ["PluginABI", "EggHTTPSemantics", "EggWebSocket"],
      exclude: ["exports.map"], swiftSettings: unitSettings + loopSettings,
      linkerSettings: unitLinking),
    .executableTarget(name: "EggLoaderTool"),
    .plugin(
      name: "EggLoader", capability: .buildTool(), dependencies: ["EggLoaderTool"],
      path: "Plugins/EggLoader"),
    .target(name: "CEggMock", dependencies: ["PluginABI"]),
    .target(
      name: "EggMock", dependencies: ["Egg", "EggKernel", "CEggMock", "PluginABI"],
      swiftSettings: unitSettings),

    // Files.
    unit(
      "EggStatic", "Plugins/static", dependencies: ["EggHTTPSemantics", "PluginABI"],
      sources: ["app.swift", "Sources"], exclude: ["Tests"]),
    .testTarget(
      // The one unit that a test bundle may hold: each has an entry point of the same name.
      name: "EggStaticTests", dependencies: ["EggStatic", "EggHTTPSemantics", "ServerProbe"],
      path: "Plugins/static/Tests", swiftSettings: unitSettings),

    // Templates: the manager and the Nunjucks engine.
    unit(
      "EggView", "Plugins/view", dependencies: ["PluginABI", "EggTemplateValues"],
      sources: ["app", "app.swift", "Sources"], exclude: ["Tests", "Sources/Values"]),
    .target(
      name: "EggTemplateValues", dependencies: ["Egg", "PluginABI"],
      path: "Plugins/view/Sources/Values"),
    .target(
      name: "Nunjucks", path: "Plugins/view-nunjucks/Sources/Nunjucks",
      swiftSettings: templateSettings),
    unit(
      "EggViewNunjucks", "Plugins/view-nunjucks",
      dependencies: ["PluginABI", "EggTemplateValues", "Nunjucks", "EggSecurityRules"],
      sources: ["app", "app.swift", "Sources/Entry"],
      exclude: ["Tests", "Tools", "Client", "Sources/Nunjucks"]),
    client(
      "EggNunjucksClient", "Plugins/view-nunjucks",
      dependencies: ["PluginABI", "EggTemplateValues"]),
    .executableTarget(
      name: "NunjucksConformance", dependencies: ["Nunjucks"],
      path: "Plugins/view-nunjucks/Tools/Conformance"),
    .executableTarget(
      name: "NunjucksBench", dependencies: ["Nunjucks"], path: "Plugins/view-nunjucks/Tools/Bench"),
    // The application that the benchmark of templates serves.
    unit("TemplateBench", "Benchmarks/templates", sources: ["app/router.swift"]),
    .executableTarget(
      name: "NunjucksDiffFuzz", dependencies: ["Nunjucks"],
      path: "Plugins/view-nunjucks/Tools/DiffFuzz"),
    .testTarget(
      name: "NunjucksTests", dependencies: ["Nunjucks"],
      path: "Plugins/view-nunjucks/Tests/NunjucksTests"),
    .target(
      name: "ViewTestSupport", dependencies: ["EggTestSupport"], path: "Plugins/view/Tests/Support"),
    unit(
      "ViewProbe", "Plugins/view/Tests/probe", dependencies: ["EggNunjucksClient"],
      sources: ["app/router.swift", "app.swift"], exclude: ["other"]),
    .testTarget(
      name: "EggViewTests", dependencies: ["ViewTestSupport", "EggCommand"],
      path: "Plugins/view/Tests/EggViewTests"),
    .testTarget(
      name: "EggViewNunjucksTests",
      dependencies: ["ViewTestSupport", "EggCommand"],
      path: "Plugins/view-nunjucks/Tests/EntryTests"),

    // Errors.
    .target(name: "ErrorPages", path: "Plugins/onerror/Sources/Engine"),
    unit(
      "EggOnerror", "Plugins/onerror", dependencies: ["ErrorPages"],
      sources: ["app.swift", "Sources/Entry"], exclude: ["Tests", "Sources/Engine"]),
    .testTarget(
      name: "ErrorPagesTests", dependencies: ["ErrorPages"], path: "Plugins/onerror/Tests"),

    // Sessions.
    .target(
      name: "SessionEngine", dependencies: ["Egg"], path: "Plugins/session/Sources/Engine",
      swiftSettings: unitSettings + loopSettings),
    unit(
      "EggSession", "Plugins/session", dependencies: ["SessionEngine"],
      sources: ["app", "app.swift", "Sources/Entry"],
      exclude: ["Client", "Tests", "Sources/Engine"]),
    client("EggSessionClient", "Plugins/session"),
    .testTarget(
      name: "SessionEngineTests", dependencies: ["SessionEngine", "Egg"],
      path: "Plugins/session/Tests", swiftSettings: unitSettings),

    // Security.
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

    // Validation.
    .target(
      name: "EggValidation", dependencies: ["Egg"], path: "Plugins/validate/Sources/Rules",
      swiftSettings: unitSettings + loopSettings),
    unit(
      "EggValidate", "Plugins/validate", dependencies: ["EggValidation"], sources: ["app.swift"],
      exclude: ["Client", "Sources"]),
    client("EggValidateClient", "Plugins/validate", dependencies: ["EggValidation"]),

    // jsonp, cors, i18n.
    .target(
      name: "JSONPEngine", dependencies: ["EggSecurityRules"], path: "Plugins/jsonp/Sources/Engine"),
    unit(
      "EggJsonp", "Plugins/jsonp", dependencies: ["JSONPEngine"],
      sources: ["app", "Sources/Entry"],
      exclude: ["Client", "Tests", "Sources/Engine"]),
    client("EggJsonpClient", "Plugins/jsonp"),
    .testTarget(
      name: "JSONPEngineTests", dependencies: ["JSONPEngine"], path: "Plugins/jsonp/Tests"),
    .target(name: "CorsEngine", path: "Plugins/cors/Sources/Engine"),
    unit(
      "EggCors", "Plugins/cors", dependencies: ["CorsEngine"],
      sources: ["app", "app.swift", "Sources/Entry"], exclude: ["Tests", "Sources/Engine"]),
    .testTarget(name: "CorsEngineTests", dependencies: ["CorsEngine"], path: "Plugins/cors/Tests"),
    .target(
      name: "EggI18nTexts", dependencies: ["Egg"], path: "Plugins/i18n/Sources/Texts",
      swiftSettings: unitSettings + loopSettings),
    unit(
      "EggI18n", "Plugins/i18n", dependencies: ["EggI18nTexts"],
      sources: ["app.swift", "Sources/Entry"], exclude: ["Client", "Sources/Texts"]),
    client("EggI18nClient", "Plugins/i18n"),

    // Forms with files: the parser, the reader for applications, the plugin.
    .target(name: "MultipartForm", path: "Plugins/multipart/Sources/Form"),
    client("EggMultipart", "Plugins/multipart", dependencies: ["MultipartForm"]),
    unit(
      "EggMultipartPlugin", "Plugins/multipart", dependencies: ["EggMultipart"],
      sources: ["app", "app.swift", "Sources/Entry"],
      exclude: ["Client", "Sources/Form", "Tests"]),
    .testTarget(
      name: "MultipartFormTests", dependencies: ["MultipartForm"], path: "Plugins/multipart/Tests"),

    // Smaller answers.
    .systemLibrary(
      name: "CBrotli", path: "Plugins/compress/Sources/CBrotli", pkgConfig: "libbrotlienc",
      providers: [.apt(["libbrotli-dev"])]),
    .target(
      name: "CompressEngine", dependencies: ["CBrotli", "CZlib"],
      path: "Plugins/compress/Sources/Engine"),
    unit(
      "EggCompress", "Plugins/compress", dependencies: ["PluginABI", "CompressEngine"],
      sources: ["app.swift", "Sources/Entry"],
      exclude: ["Tests", "Sources/CBrotli", "Sources/Engine"]),
    .testTarget(
      name: "CompressEngineTests", dependencies: ["CompressEngine", "CZlib"],
      path: "Plugins/compress/Tests"),

    // Requests to other servers.
    .systemLibrary(
      name: "CCurl", path: "Plugins/httpclient/Sources/CCurl", pkgConfig: "libcurl",
      providers: [.apt(["libcurl4-openssl-dev"])]),
    .target(
      name: "CurlEngine", dependencies: ["CCurl", "Egg"],
      path: "Plugins/httpclient/Sources/Engine", swiftSettings: unitSettings + loopSettings),
    client("EggHTTPClient", "Plugins/httpclient"),
    unit(
      "EggHTTPClientPlugin", "Plugins/httpclient", dependencies: ["CurlEngine"],
      sources: ["app.swift", "Sources/Entry"],
      exclude: ["Client", "Sources/CCurl", "Sources/Engine"]),

    // Jobs and rotation of logs.
    .target(name: "ScheduleEngine", path: "Plugins/schedule/Sources/Engine"),
    unit(
      "EggSchedule", "Plugins/schedule", dependencies: ["ScheduleEngine"],
      sources: ["app.swift", "agent.swift", "Sources/Entry"], exclude: ["Tests", "Sources/Engine"]),
    .target(
      name: "LogRotation", dependencies: ["CZlib"], path: "Plugins/logrotator/Sources/Engine"),
    unit(
      "EggLogrotator", "Plugins/logrotator", dependencies: ["LogRotation"],
      sources: ["app", "app.swift", "agent.swift", "Sources/Entry"],
      exclude: ["Tests", "Sources/Engine"]),
    .testTarget(
      name: "LogRotationTests", dependencies: ["LogRotation"],
      path: "Plugins/logrotator/Tests/EngineTests"),
    .testTarget(
      name: "ScheduleEngineTests", dependencies: ["ScheduleEngine"],
      path: "Plugins/schedule/Tests/EngineTests"),

    // Changes of files, and what egg dev shows in the browser.
    .target(name: "FileWatching", path: "Plugins/watcher/Sources/Engine"),
    unit(
      "EggWatcher", "Plugins/watcher", dependencies: ["FileWatching"],
      sources: ["app.swift", "agent.swift", "Sources/Entry"],
      exclude: ["Client", "Tests", "Sources/Engine"]),
    client("EggWatcherClient", "Plugins/watcher", dependencies: ["FileWatching"]),
    .target(name: "DevelopmentPages", path: "Plugins/development/Sources/Engine"),
    unit(
      "EggDevelopment", "Plugins/development", dependencies: ["DevelopmentPages"],
      sources: ["app", "app.swift", "Sources/Entry"], exclude: ["Tests", "Sources/Engine"]),
    .testTarget(
      name: "DevelopmentPagesTests", dependencies: ["DevelopmentPages"],
      path: "Plugins/development/Tests"),
    .testTarget(
      name: "FileWatchingTests", dependencies: ["FileWatching"],
      path: "Plugins/watcher/Tests/EngineTests"),

    // Databases: the statement builder and what MySQL and SQLite share.
    .target(name: "EggSQL", path: "Plugins/sql/Sources/EggSQL"),
    .target(
      name: "EggSQLClient", dependencies: ["Egg", "EggSQL", "PluginABI"],
      path: "Plugins/sql/Sources/EggSQLClient", swiftSettings: unitSettings + loopSettings),
    .target(
      name: "EggSQLUnit", dependencies: ["Egg", "EggSQL", "EggSQLClient", "PluginABI"],
      path: "Plugins/sql/Sources/EggSQLUnit", swiftSettings: unitSettings + loopSettings),
    // `app.database`: whichever of the databases is enabled.
    .target(
      name: "EggDatabase", dependencies: ["Egg", "EggMySQL", "EggSQLite"],
      path: "Plugins/sql/Sources/EggDatabase", swiftSettings: unitSettings + loopSettings),
    .testTarget(
      name: "EggSQLTests", dependencies: ["EggSQL"], path: "Plugins/sql/Tests/EggSQLTests"),

    // MySQL.
    .systemLibrary(
      name: "CMariaDB", path: "Plugins/mysql/Sources/CMariaDB", pkgConfig: "libmariadb",
      providers: [.apt(["libmariadb-dev"])]),
    .target(
      name: "MySQLEngine", dependencies: ["CMariaDB", "EggSQL"],
      path: "Plugins/mysql/Sources/Engine",
      swiftSettings: unitSettings + loopSettings),
    unit(
      "EggMySQLPlugin", "Plugins/mysql",
      dependencies: ["EggSQL", "EggSQLClient", "EggSQLUnit", "MySQLEngine"],
      sources: ["app.swift", "agent.swift", "Sources/Entry"],
      exclude: ["Tests", "Sources/CMariaDB", "Sources/Engine", "Sources/EggMySQL"]),
    .target(
      name: "EggMySQL", dependencies: ["Egg", "EggSQL", "EggSQLClient"],
      path: "Plugins/mysql/Sources/EggMySQL", swiftSettings: unitSettings + loopSettings),
    unit(
      "MySQLBench", "Benchmarks/mysql", dependencies: ["EggMySQL"], sources: ["app/router.swift"]),
    unit(
      "MySQLProbe", "Plugins/mysql/Tests/probe", dependencies: ["EggMySQL"],
      sources: ["agent.swift", "app.swift", "app/router.swift"]),
    .testTarget(
      name: "EggMySQLPluginTests",
      dependencies: ["EggTestSupport", "MySQLTestSupport", "EggCommand"],
      path: "Plugins/mysql/Tests/PluginTests"),
    .target(
      name: "MySQLTestSupport", dependencies: ["EggTestSupport"],
      path: "Plugins/mysql/Tests/Support"),
    .testTarget(
      name: "MySQLEngineTests",
      dependencies: ["MySQLEngine", "EggSQL", "EggTestSupport", "MySQLTestSupport"],
      path: "Plugins/mysql/Tests/EngineTests", swiftSettings: unitSettings),

    // SQLite.
    .systemLibrary(
      name: "CSQLite", path: "Plugins/sqlite/Sources/CSQLite", pkgConfig: "sqlite3",
      providers: [.apt(["libsqlite3-dev"])]),
    .target(
      name: "SQLiteEngine", dependencies: ["CSQLite", "EggSQL"],
      path: "Plugins/sqlite/Sources/Engine", swiftSettings: unitSettings + loopSettings),
    unit(
      "EggSQLitePlugin", "Plugins/sqlite",
      dependencies: ["EggSQL", "EggSQLClient", "EggSQLUnit", "SQLiteEngine"],
      sources: ["app.swift", "agent.swift", "Sources/Entry"],
      exclude: ["Tests", "Sources/CSQLite", "Sources/Engine", "Sources/EggSQLite"]),
    .target(
      name: "EggSQLite", dependencies: ["Egg", "EggSQL", "EggSQLClient"],
      path: "Plugins/sqlite/Sources/EggSQLite", swiftSettings: unitSettings + loopSettings),
    unit(
      "SQLiteProbe", "Plugins/sqlite/Tests/probe", dependencies: ["EggSQLite"],
      sources: ["app.swift", "app/router.swift"]),
    .testTarget(
      name: "EggSQLitePluginTests", dependencies: ["EggTestSupport", "EggCommand"],
      path: "Plugins/sqlite/Tests/PluginTests"),
    .testTarget(
      name: "SQLiteEngineTests", dependencies: ["SQLiteEngine", "EggSQL"],
      path: "Plugins/sqlite/Tests/EngineTests", swiftSettings: unitSettings),

    // Redis: the face for applications, the client, the plugin.
    .systemLibrary(
      name: "CRedisTLS", path: "Plugins/redis/Sources/CRedisTLS", pkgConfig: "libssl",
      providers: [.apt(["libssl-dev"])]),
    .target(
      name: "EggRedis", dependencies: ["Egg"], path: "Plugins/redis/Sources/EggRedis",
      swiftSettings: unitSettings + loopSettings),
    .target(
      name: "RedisClient", dependencies: ["Egg", "EggRedis", "CRedisTLS"],
      path: "Plugins/redis/Sources/RedisClient", swiftSettings: unitSettings + loopSettings),
    .executableTarget(
      name: "RedisBench", dependencies: ["EggRedis", "RedisClient"],
      path: "Plugins/redis/Tools/Bench", swiftSettings: unitSettings + loopSettings),
    unit(
      "EggRedisPlugin", "Plugins/redis", dependencies: ["EggRedis", "RedisClient"],
      sources: ["agent.swift", "app.swift", "Sources/Plugin"],
      exclude: ["Tests", "Tools", "Sources/CRedisTLS", "Sources/EggRedis", "Sources/RedisClient"]),
    .target(
      name: "RedisTestSupport", dependencies: ["RedisClient", "EggTestSupport"],
      path: "Plugins/redis/Tests/Support",
      swiftSettings: unitSettings),
    .testTarget(
      name: "RedisClientTests", dependencies: ["RedisClient", "RedisTestSupport"],
      path: "Plugins/redis/Tests/RedisClientTests", swiftSettings: unitSettings),
    unit(
      "RedisProbe", "Plugins/redis/Tests/probe", dependencies: ["EggRedis"], sources: ["app"]),
    .testTarget(
      name: "EggRedisTests", dependencies: ["Egg", "RedisTestSupport", "EggCommand"],
      path: "Plugins/redis/Tests/EggRedisTests", swiftSettings: unitSettings),

    // Socket.IO.
    .target(
      name: "EngineIO", dependencies: ["EggWebSocket", "EggWebSocketDeflate", "CZlib"],
      path: "Plugins/socketio/Sources/EngineIO",
      swiftSettings: unitSettings + loopSettings),
    .target(
      name: "EggEngineIO", dependencies: ["Egg", "EggWebSocket", "EngineIO"],
      path: "Plugins/socketio/Sources/Endpoint", swiftSettings: unitSettings + loopSettings),
    .target(
      name: "SocketIO", dependencies: ["EngineIO"], path: "Plugins/socketio/Sources/SocketIO",
      swiftSettings: unitSettings + loopSettings),
    .target(
      name: "CEggSocketIO", dependencies: ["PluginABI"],
      path: "Plugins/socketio/Sources/CEggSocketIO"),
    .target(
      name: "EggSocketIO", dependencies: ["Egg", "CEggSocketIO"],
      path: "Plugins/socketio/Sources/Client", swiftSettings: unitSettings + loopSettings),
    unit(
      "EggSocketIOPlugin", "Plugins/socketio",
      dependencies: [
        "PluginABI", "CEggSocketIO", "EggEngineIO", "EngineIO", "SocketIO", "SocketIORedisBridge",
      ],
      sources: ["app", "app.swift", "Sources/Entry"],
      exclude: [
        "Tests", "Sources/EngineIO", "Sources/SocketIO", "Sources/CEggSocketIO", "Sources/Client",
        "Sources/Endpoint",
      ]),
    unit(
      "SocketIOConformance", "Tests/Fixtures/socketio-conformance",
      dependencies: ["EggSocketIO", "EggEngineIO", "EngineIO"], sources: ["app/router.swift"]),
    unit(
      "SocketIOProbe", "Plugins/socketio/Tests/probe",
      dependencies: ["EggSocketIO", "EggSessionClient"],
      sources: ["app/router.swift"]),
    .testTarget(
      name: "EngineIOTests", dependencies: ["EngineIO", "SocketIO", "EggWebSocket"],
      path: "Plugins/socketio/Tests/EngineIOTests", swiftSettings: unitSettings),
    .testTarget(
      name: "EggSocketIOTests", dependencies: ["EggCommand", "EggTestSupport"],
      path: "Plugins/socketio/Tests/EggSocketIOTests"),

    // What Socket.IO servers tell each other by way of Redis.
    .target(
      name: "MessagePack", dependencies: ["Egg"],
      path: "Plugins/socketio-redis/Sources/MessagePack",
      swiftSettings: unitSettings + loopSettings),
    .target(
      name: "SocketIORedis", dependencies: ["Egg", "EggRedis", "RedisClient", "MessagePack"],
      path: "Plugins/socketio-redis/Sources/SocketIORedis",
      swiftSettings: unitSettings + loopSettings),
    .target(
      name: "SocketIORedisBridge",
      dependencies: ["Egg", "SocketIO", "SocketIORedis", "RedisClient"],
      path: "Plugins/socketio-redis/Sources/Bridge", swiftSettings: unitSettings + loopSettings),
    .testTarget(
      name: "SocketIORedisTests",
      dependencies: ["SocketIORedis", "MessagePack", "RedisClient", "RedisTestSupport"],
      path: "Plugins/socketio-redis/Tests/SocketIORedisTests", exclude: ["corpus"],
      swiftSettings: unitSettings),
    unit(
      "SocketIORedisProbe", "Plugins/socketio-redis/Tests/probe", dependencies: ["EggSocketIO"],
      sources: ["app"]),
    .testTarget(
      name: "SocketIORedisBridgeTests", dependencies: ["RedisTestSupport", "EggCommand"],
      path: "Plugins/socketio-redis/Tests/BridgeTests", swiftSettings: unitSettings),

    // Examples, built here too so that tests need not build a package.
    unit(
      "BlogExample", "Examples/blog",
      dependencies: ["EggDatabase", "EggSessionClient", "EggValidateClient"],
      sources: ["app/router.swift"], exclude: ["Tests"]),
    unit(
      "Yadan", "Examples/framework-yadan", sources: ["app", "app.swift"],
      exclude: ["example", "plugins", "README.md", "Package.swift"]),
    unit(
      "YadanRequestIDExample", "Examples/framework-yadan/plugins/yadan-request-id", sources: ["app"]
    ),
    unit("YadanExample", "Examples/framework-yadan/example", sources: ["app/router.swift"]),
    unit(
      "ChatExample", "Examples/chat", dependencies: ["EggSocketIO", "EggRedis"],
      sources: ["app/router.swift"]),
    .testTarget(
      name: "BlogTests", dependencies: ["EggTestSupport", "MySQLTestSupport", "EggCommand"],
      path: "Examples/blog/Tests"),
    .testTarget(name: "FrameworkTests", dependencies: ["EggCommand"]),
    .testTarget(
      name: "ChatTests", dependencies: ["EggCommand", "RedisTestSupport"], path: "Tests/ChatTests",
      exclude: ["Browser"], swiftSettings: unitSettings),

    // Tests of the host, the SDK and the command, and what all tests share.
    // What tests share: applications in processes of their own, and requests to them.
    .target(name: "EggTestSupport", path: "Tests/Support"),
    .target(name: "LoopProbeLibrary", path: "Tests/Probes/LoopProbeLibrary"),
    .executableTarget(
      name: "LoopProbe", dependencies: ["EggKernel"], path: "Tests/Probes/LoopProbe"),
    .executableTarget(
      name: "ServerProbe", dependencies: ["EggKernel"], path: "Tests/Probes/ServerProbe"),
    .testTarget(
      name: "EggKernelTests",
      dependencies: ["EggKernel", "EggHTTPSemantics", "LoopProbe", "LoopProbeLibrary"]),
    .testTarget(
      name: "EggServerTests", dependencies: ["ServerProbe", "COpenSSL"],
      linkerSettings: [.linkedLibrary("ssl")]),
    .testTarget(
      name: "EggTests", dependencies: ["Egg", "PluginABI"], swiftSettings: unitSettings),
    .testTarget(
      name: "EggWebSocketTests", dependencies: ["EggWebSocket", "EggWebSocketDeflate"]),
    // The examples of Egg's own introduction, rewritten in Swift and run through the kernel.
    .testTarget(
      name: "SeedTests", dependencies: ["EggCommand", "EggTestSupport", "EggWebSocket"]),
    // The process tree: real processes that serve the application `probe`.
    unit(
      "ClusterProbe", "Tests/EggClusterTests/probe", dependencies: ["EggWatcherClient"],
      sources: ["agent.swift", "app.swift", "app"]),
    .testTarget(
      name: "EggClusterTests", dependencies: ["EggCommand", "EggKernel", "PluginABI"],
      exclude: ["probe"]),
    .testTarget(name: "EggLoaderToolTests", dependencies: ["EggLoaderTool"]),
    .testTarget(name: "EggCommandTests", dependencies: ["EggCommand", "EggKernel"]),
    // One application for the plugins that an Egg developer has without asking.
    unit(
      "BuiltinsProbe", "Tests/Fixtures/builtins",
      dependencies: [
        "EggSessionClient", "EggSecurityClient", "EggValidateClient", "EggJsonpClient",
        "EggI18nClient", "EggMultipart", "EggHTTPClient",
      ],
      sources: ["app/router.swift"]),
    .testTarget(
      name: "BuiltinPluginTests",
      dependencies: [
        "EggTestSupport", "EggCommand", "EggSecurityRules", "EggValidation", "EggI18nTexts",
        "CurlEngine",
      ]),
    unit("LogsProbe", "Tests/Probes/LogsProbe", sources: ["app", "agent.swift"]),
    .testTarget(name: "EggLogTests", dependencies: ["EggCommand", "EggKernel"]),
  ]
)
