import Foundation

/// `bench requests`: one route of one server, with latency.
struct RequestsCommand {
  struct Result: Codable {
    let server: String
    let request: [String]
    var samples: [Sample] = []
  }

  let options: Options
  let place: Place

  init(_ options: Options, _ place: Place) {
    self.options = options
    self.place = place
  }

  func run() throws -> Result {
    guard let peer = try Peer.participants(options, place).first else {
      throw BenchError("no server; see --server")
    }
    var arguments = ["--path", options.path]
    if let method = options.method { arguments += ["--method", method] }
    if let body = options.body { arguments += ["--body", body] }
    for header in options.headers { arguments += ["--header", header] }
    if options.pipeline > 1 { arguments += ["--pipeline", String(options.pipeline)] }
    if let rate = options.rate { arguments += ["--rate", String(rate)] }

    let server = try RunningServer(peer, path: options.path, options, place)
    defer { server.stop() }
    let generator = LoadGenerator(options: options, place: place)
    if options.warmUp > 0 {
      _ = try generator.run(server, arguments, seconds: options.warmUp, what: options.path)
    }
    var result = Result(server: peer.name, request: arguments)
    for _ in 0..<options.rounds {
      let sample = try generator.run(
        server, arguments, seconds: options.seconds, what: options.path)
      result.samples.append(sample)
    }
    var table = Table(["\(peer.name) \(options.path)", "median [min–max]"])
    func add(_ name: String, _ digits: Int, _ value: (Sample) -> Double) {
      if let spread = Spread(result.samples.map(value)) { table.add([name, spread.text(digits)]) }
    }
    add("server CPU per request, µs", 2) { $0.cpuMicroseconds }
    add("requests a second", 0) { $0.rate }
    let latency = options.rate == nil ? "latency when saturated" : "latency from when due"
    add("\(latency), median, µs", 0) { $0.p50 }
    add("\(latency), 99 %, µs", 0) { $0.p99 }
    add("\(latency), worst, µs", 0) { $0.max }
    add("load generator busy, share", 2) { $0.generatorBusy }
    print("\n" + table.text)
    print("\n  server, on core \(options.serverCore): \(peer.shown)")
    let eggload = [
      "eggload", "--port", "{port}", "--connections", String(options.connections), "--seconds",
      String(options.seconds),
    ]
    print("  load, on core \(options.loadCore): " + Shell.line(eggload + arguments))
    print("Again: Benchmarks/run \(Shell.line(CommandLine.arguments.dropFirst()))")
    return result
  }
}
