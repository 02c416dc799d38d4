// swift-tools-version: 6.2
import PackageDescription

// The comparison's runner. A package of its own, so that measuring never changes what is measured.
let package = Package(
  name: "egg-benchmarks",
  platforms: [.macOS(.v15)],
  targets: [
    .executableTarget(name: "bench", dependencies: ["LinuxCalls"]),
    .target(name: "LinuxCalls"),
    .testTarget(name: "BenchTests", dependencies: ["bench"]),
  ]
)
