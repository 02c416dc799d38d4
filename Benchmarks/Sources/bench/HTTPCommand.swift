import Foundation

/// `bench http`: every route on every server, round by round, compared within each round.
struct HTTPCommand {
  struct Result: Codable {
    var cells: [Cell] = []
    var ratios: [Ratio] = []
    var commands: [String: String] = [:]
  }

  /// One route of one server, a sample per round.
  struct Cell: Codable {
    let server: String
    let route: String
    var samples: [Sample] = []
  }

  /// A line of the budget and what was found.
  struct Ratio: Codable {
    let name: String
    let budget: String
    let found: Spread
    let verdict: String
  }

  let options: Options
  let place: Place

  init(_ options: Options, _ place: Place) {
    self.options = options
    self.place = place
  }

  func run() throws -> Result {
    let routes = try Route.named(options.routes)
    let servers = try Peer.participants(options, place, variants: true).map {
      try RunningServer($0, options, place)
    }
    defer { for server in servers { server.stop() } }
    let generator = LoadGenerator(options: options, place: place)
    var result = Result()
    var plan: [(cell: Int, server: RunningServer, route: Route)] = []
    for route in routes {
      for server in servers where server.peer.routes?.contains(route.name) ?? true {
        if let complaint = route.check(port: server.port) {
          print("\(server.peer.name) \(route.path) is left out: \(complaint)")
          continue
        }
        plan.append((result.cells.count, server, route))
        result.cells.append(Cell(server: server.peer.name, route: route.name))
      }
    }
    if options.warmUp > 0 {
      for step in plan {
        _ = try generator.run(
          step.server, arguments(step.route), seconds: options.warmUp, what: step.route.name)
      }
    }
    for round in 1...options.rounds {
      note("round \(round) of \(options.rounds)")
      for step in plan {
        let sample = try generator.run(
          step.server, arguments(step.route), seconds: options.seconds, what: step.route.name)
        result.cells[step.cell].samples.append(sample)
      }
    }
    note("")
    for server in servers { result.commands[server.peer.name] = server.peer.shown }
    let subject =
      servers.first { $0.peer.name == "egg" }
      ?? servers.first {
        server in options.serverCommands.contains { $0.name == server.peer.name }
      }
    result.ratios =
      Budget.ratios(of: subject?.peer.name ?? "egg", in: result.cells)
      + Budget.layerCosts(in: result.cells)
    report(result, routes, servers.map(\.peer))
    return result
  }

  private func report(_ result: Result, _ routes: [Route], _ peers: [Peer]) {
    func cell(_ server: String, _ route: String) -> Cell? {
      result.cells.first { $0.server == server && $0.route == route }
    }
    func table(_ title: String, _ text: (Cell) -> String?) {
      print("\n\(title)\n")
      var table = Table([""] + peers.map(\.name))
      for route in routes {
        table.add(
          [route.name] + peers.map { cell($0.name, route.name).flatMap(text) ?? "" })
      }
      print(table.text)
    }
    table(
      "Server CPU per request, µs (user + system); median of \(options.rounds) rounds [min–max]"
    ) { Spread($0.samples.map(\.cpuMicroseconds))?.text() }
    table("Requests a second on the clock (may be the load generator's limit, or a neighbour's)") {
      Spread($0.samples.map(\.rate))?.median.text(0)
    }

    let base = cell("c-loop", "plaintext")?.samples.map(\.cpuMicroseconds)
    if let base {
      print("\nEach server ÷ c-loop, CPU per request of /plaintext\n")
      var table = Table(["", "ratio"])
      for peer in peers where peer.name != "c-loop" {
        let own = cell(peer.name, "plaintext")?.samples.map(\.cpuMicroseconds) ?? []
        if let ratio = Spread.ratio(own, base) { table.add([peer.name, ratio.text()]) }
      }
      print(table.text)
    }
    if !result.ratios.isEmpty {
      print("\nAgainst the budget (budget.md); the ratio of each round, then the median\n")
      var table = Table(["", "found", "budget", ""])
      for ratio in result.ratios {
        table.add([ratio.name, ratio.found.text(), ratio.budget, ratio.verdict])
      }
      print(table.text)
    }
    let busy = result.cells.filter { cell in
      (Spread(cell.samples.map(\.generatorBusy))?.median ?? 0) > 0.95
    }
    if !busy.isEmpty {
      print(
        "\nThe load generator was at its own limit (> 95 % busy), so these rates are lower bounds:\n"
          + "  " + busy.map { "\($0.server) \($0.route)" }.joined(separator: ", "))
    }
    let disturbed = result.cells.filter { cell in
      cell.samples.contains { $0.serverBusy < 0.85 && $0.generatorBusy < 0.85 }
    }
    if !disturbed.isEmpty && options.rate == nil {
      print(
        "\nSomething else ran on these cores: in \(disturbed.count) of \(result.cells.count) cells"
          + " there was a round in which neither side\nwas busy all the time. Expect wider spreads"
          + " and do not quote the rates.")
    }
    print("\nServers, each on core \(options.serverCore) (taskset -c \(options.serverCore) …):")
    for peer in peers { print("  \(peer.name): \(peer.shown)") }
    print("Load, on core \(options.loadCore):")
    for route in routes {
      print("  \(route.name): " + Shell.line(eggload + arguments(route)))
    }
    print("All of it again: Benchmarks/run \(Shell.line(CommandLine.arguments.dropFirst()))")
  }

  /// With `--rate` every server gets the same number of requests a second, save for the pipelined
  /// ones: a quick server then pays for as many wake-ups as a slow one.
  private func arguments(_ route: Route) -> [String] {
    guard let rate = options.rate, route.pipeline == 1 else { return route.arguments }
    return route.arguments + ["--rate", String(rate)]
  }

  private var eggload: [String] {
    [
      "eggload", "--port", "{port}", "--connections", String(options.connections), "--seconds",
      String(options.seconds),
    ]
  }

  /// Progress goes to standard error, and only to a terminal.
  private func note(_ text: String) {
    guard isatty(2) == 1 else { return }
    FileHandle.standardError.write(Data("\r\u{1B}[K\(text)".utf8))
  }
}

/// Command lines as a shell takes them.
enum Shell {
  static func line(_ arguments: some Sequence<String>) -> String {
    arguments.map { argument in
      argument.wholeMatch(of: /[A-Za-z0-9_.,:=\/{}+-]+/) != nil
        ? argument : "'" + argument.replacingOccurrences(of: "'", with: #"'\''"#) + "'"
    }.joined(separator: " ")
  }
}
