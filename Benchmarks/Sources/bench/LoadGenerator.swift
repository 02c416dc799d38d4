import Foundation

/// What the load generator reports, and what the server's CPU time makes of it.
struct Sample: Codable {
  /// User and system time of the serving process, divided by the answers, in microseconds.
  let cpuMicroseconds: Double
  let requests: Int
  let errors: Int
  let non2xx: Int
  let rate: Double
  /// The share of the run that the load generator itself computed; near 1 it may be the limit.
  let generatorBusy: Double
  /// The share of the run that the serving process computed. When neither is near 1, something else
  /// had the cores.
  let serverBusy: Double
  let p50: Double
  let p99: Double
  let max: Double
}

/// Runs `eggload` on its core.
struct LoadGenerator {
  let options: Options
  let place: Place

  /// The object that eggload prints; see `load/eggload.c`.
  private struct Output: Decodable {
    let requests: Int
    let errors: Int
    let non2xx: Int
    let seconds: Double
    let rps: Double
    let generatorCpuSeconds: Double
    let p50Us: Double
    let p99Us: Double
    let maxUs: Double
    let firstError: String?
  }

  /// Asks a server for a while.
  /// - Throws: when not every request was answered with 2xx; such a run has no meaning.
  func run(
    _ server: RunningServer, _ arguments: [String], seconds: Double, what: String
  ) throws -> Sample {
    let log = try place.makeWork() + "/eggload.log"
    let command =
      try [
        place.tool("pin"), String(options.loadCore), place.tool("eggload"),
        "--port", String(server.port), "--connections", String(options.connections),
        "--seconds", String(seconds),
      ] + arguments
    let before = try server.cpuSeconds()
    let child = try Child(command, log: log, piped: true)
    let text = child.output?.readDataToEndOfFile() ?? Data()
    let status = child.wait()
    let cpu = try server.cpuSeconds() - before
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    guard status == 0, let output = try? decoder.decode(Output.self, from: text) else {
      throw BenchError("eggload ended with status \(status)\n" + RunningServer.tail(log))
    }
    guard output.requests > 0, output.errors == 0, output.non2xx == 0 else {
      throw BenchError(
        "\(server.peer.name) \(what): \(output.requests) answers, \(output.errors) errors"
          + (output.firstError.map { " (\($0))" } ?? "") + ", \(output.non2xx) not 2xx")
    }
    return Sample(
      cpuMicroseconds: cpu / Double(output.requests) * 1e6, requests: output.requests,
      errors: output.errors, non2xx: output.non2xx, rate: output.rps,
      generatorBusy: output.generatorCpuSeconds / output.seconds,
      serverBusy: cpu / output.seconds, p50: output.p50Us,
      p99: output.p99Us, max: output.maxUs)
  }
}
