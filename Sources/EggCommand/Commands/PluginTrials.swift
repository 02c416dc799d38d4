import EggKernel
import EggTestKit
import Glibc
import PluginABI

extension CommandDescription {
  static let pluginCheck = CommandDescription(
    path: ["plugin", "check"], summary: "use a plugin with a strict host that watches every rule",
    arguments: [.required("FILE.so", "the plugin's library")],
    options: trialOptions,
    notes: """
      Loads the plugin in a process of its own and calls everything that it registers: middlewares,
      routes, methods, properties, phases, in front of layers that answer, fail and wait. Memory becomes
      unreadable as soon as it is no longer the plugin's. A crash is a finding. What the plugin has for the
      agent is used in a second process. Its configuration is the config.default.json of its folder, found
      above the library or in the folder Plugins of its package; plugins that it depends on are loaded when
      they lie beside it. Exit code 1 with findings.
      """,
    run: { arguments in
      try Trials(arguments, flags: UInt32(EGG_TESTKIT_STRICT)).run(seeds: [0], "check")
    })

  static let pluginTorment = CommandDescription(
    path: ["plugin", "torment"],
    summary: "use a plugin with a host that does what it may, in a random order",
    arguments: [.required("FILE.so", "the plugin's library")],
    options: [
      .value("seed", "N", "repeat the run with this number; random without it"),
      .value("runs", "N", "so many runs, with seeds that follow each other; 1 without it"),
    ] + trialOptions,
    notes: """
      Answers late, fails allocations, cancels, refuses, closes early: all that a kernel may do, in the
      order that the seed decides. The same seed does the same again. Exit code 1 with findings.
      """,
    run: { arguments in
      let first =
        try arguments.number("seed", in: 0...Int.max).map { UInt64($0) }
        ?? UInt64.random(
          in: 0..<1_000_000)
      let runs = try arguments.number("runs", in: 1...100_000) ?? 1
      try Trials(arguments, flags: UInt32(EGG_TESTKIT_STRICT) | UInt32(EGG_TESTKIT_TORMENT)).run(
        seeds: (0..<runs).map { first &+ UInt64($0) }, "torment")
    })
}

private let trialOptions: [CommandDescription.Option] = [
  .value("config", "FILE", "JSON laid over the plugin's own configuration"),
  .value("time-limit", "SECONDS", "end it after that long; 30 without it"),
  .flag("here", "run in this process, for a debugger"),
  .flag("agent", "with --here: as in the agent's process"), .json,
]

/// One or more trials of every plugin in a library.
private struct Trials {
  let arguments: Arguments
  let flags: UInt32
  private let path: String
  private let seconds: Int
  private let manifests: [PluginManifest]
  /// Swift's tasks run on the kernel's loop.
  private let needsLoop: Bool

  init(_ arguments: Arguments, flags: UInt32) throws {
    self.arguments = arguments
    self.flags = flags
    let stated = arguments[0] ?? ""
    seconds = try arguments.number("time-limit", in: 1...86_400) ?? 30
    manifests = try PluginManifest.read(path: stated, unit: Path.lastComponent(of: stated))
    path = Path.real(stated) ?? stated
    needsLoop = try DynamicSection(path: path).isSwift
  }

  /// Whether a plugin in it has something for the agent's process.
  private var hasAgent: Bool {
    manifests.contains { $0.process.contains("agent") || $0.provides["agent"]?.isEmpty == false }
  }

  func run(seeds: [UInt64], _ command: String) throws {
    if arguments.has("here") { return try runHere(seed: seeds[0]) }
    var all: [(seed: UInt64, text: String)] = []
    for seed in seeds {
      var words = ["plugin", command, path, "--here"]
      if command == "torment" { words += ["--seed", "\(seed)"] }
      if let config = arguments.text("config") { words += ["--config", config] }
      // What it registers for the agent is used in an agent.
      for process in hasAgent ? [[], ["--agent"]] : [[]] {
        let findings = try PluginTrial.run(words + process, seconds: seconds) {
          Terminal.note("  | \($0)")
        }
        all += findings.map { (seed, $0) }
      }
    }
    report(all, command, seeds)
    if !all.isEmpty { throw Finding() }
  }

  private func runHere(seed: UInt64) throws {
    var count = 0
    for manifest in manifests {
      var config = try OwnConfig.read(manifest, library: path)
      if let file = arguments.text("config") { config.append(try OwnConfig.text(of: file)) }
      let process = arguments.has("agent") ? Int(EGG_PROCESS_AGENT) : Int(EGG_PROCESS_WORKER)
      let trial = PluginTrial(
        path: path, id: manifest.id, flags: flags, seed: seed, process: process, config: config,
        others: try OtherPlugin.dependencies(of: manifest, library: path), needsLoop: needsLoop)
      for finding in try trial.runHere() {
        count += 1
        let line = finding.split(separator: "\n").joined(separator: " ")
        Terminal.print("\(PluginTrial.mark)\(line)")
      }
    }
    Terminal.print(PluginTrial.end)
    if count > 0 { throw Finding() }
  }

  private func report(
    _ findings: [(seed: UInt64, text: String)], _ command: String, _ seeds: [UInt64]
  ) {
    if arguments.printsJSON {
      let list: [ConfigValue] = findings.map {
        command == "torment"
          ? ["seed": .int(Int64(clamping: $0.seed)), "finding": .string($0.text)]
          : ["finding": .string($0.text)]
      }
      return Terminal.print(JSONWriter.text(.array(list), indentation: 2))
    }
    let names = manifests.map(\.id).joined(separator: ", ")
    let range =
      command == "check"
      ? ""
      : seeds.count == 1
        ? ", seed \(seeds[0])" : ", seeds \(seeds[0]) to \(seeds[0] &+ UInt64(seeds.count - 1))"
    if findings.isEmpty { return Terminal.print("\(names): nothing found\(range)") }
    Terminal.print("\(names): \(findings.count) found\(range)")
    for finding in findings {
      Terminal.print("  \(seeds.count > 1 ? "seed \(finding.seed): " : "")\(finding.text)")
    }
  }
}
