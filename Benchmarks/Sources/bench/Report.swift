import Foundation

/// Everything that was measured, with what is needed to judge it, as JSON.
struct Report: Encodable {
  let date: String
  let command: String
  let machine: Machine
  let settings: Settings
  var http: HTTPCommand.Result?
  var start: StartCommand.Result?
  var memory: MemoryCommand.Result?
  var requests: RequestsCommand.Result?
  var reload: ReloadCommand.Result?

  struct Machine: Codable {
    let processor: String
    let cores: Int
    let kernel: String
  }

  struct Settings: Codable {
    let rounds: Int
    let seconds: Double
    let warmUp: Double
    let connections: Int
    let rate: Double?
    let serverCore: Int
    let loadCore: Int
  }

  init(_ options: Options) {
    date = Date().formatted(.iso8601)
    command = "Benchmarks/run " + Shell.line(CommandLine.arguments.dropFirst())
    machine = Machine(
      processor: Self.processor(in: readSmallFile("/proc/cpuinfo") ?? "") ?? "unknown",
      cores: ProcessInfo.processInfo.processorCount,
      kernel: (readSmallFile("/proc/sys/kernel/osrelease") ?? "")
        .trimmingCharacters(in: .whitespacesAndNewlines))
    settings = Settings(
      rounds: options.rounds, seconds: options.seconds, warmUp: options.warmUp,
      connections: options.connections, rate: options.rate, serverCore: options.serverCore,
      loadCore: options.loadCore)
  }

  func write(to file: String) throws {
    let encoder = JSONEncoder()
    encoder.outputFormatting = [.prettyPrinted, .sortedKeys, .withoutEscapingSlashes]
    do {
      try encoder.encode(self).write(to: URL(fileURLWithPath: file))
    } catch {
      throw BenchError("cannot write \(file): \(error.localizedDescription)")
    }
  }

  /// The first "model name" of `/proc/cpuinfo`.
  static func processor(in text: String) -> String? {
    text.split(separator: "\n").first { $0.hasPrefix("model name") }?
      .split(separator: ":").last.map { $0.trimmingCharacters(in: .whitespaces) }
  }
}
