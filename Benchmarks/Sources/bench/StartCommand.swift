import Foundation

/// `bench start`: from spawning a server to the first byte of its first answer.
struct StartCommand {
  struct Result: Codable {
    /// Milliseconds of each start, by server.
    var milliseconds: [String: [Double]] = [:]
    /// CPU time that all its processes had used by then, which a busy machine does not stretch.
    var cpuMilliseconds: [String: [Double]] = [:]
    var budget = "egg ≤ 40 ms"

    /// The line of the budget.
    var goals: [HTTPCommand.Ratio] {
      guard let found = Spread(milliseconds["egg"] ?? []) else { return [] }
      return [Budget.line("start to first answer, ms", found, .below(40))]
    }
  }

  let options: Options
  let place: Place

  init(_ options: Options, _ place: Place) {
    self.options = options
    self.place = place
  }

  func run() throws -> Result {
    let peers = try Peer.participants(options, place)
    var result = Result()
    for peer in peers { _ = try measure(peer) }  // its files are in the page cache from here on
    for _ in 0..<options.runs {
      for peer in peers {
        let found = try measure(peer)
        result.milliseconds[peer.name, default: []].append(found.elapsed)
        result.cpuMilliseconds[peer.name, default: []].append(found.cpu)
      }
    }
    print("\nStart to first answer, ms; median of \(options.runs) [min–max]\n")
    var table = Table(["", "ms", "÷ node", "CPU, ms", "budget"])
    let node = result.milliseconds["node"] ?? []
    for peer in peers {
      let own = result.milliseconds[peer.name] ?? []
      guard let spread = Spread(own) else { continue }
      table.add([
        peer.name, spread.text(1), Spread.ratio(own, node)?.text() ?? "",
        Spread(result.cpuMilliseconds[peer.name] ?? [])?.text(1) ?? "",
        peer.name == "egg" ? "≤ 40, \(spread.median <= 40 ? "within" : "beyond")" : "",
      ])
    }
    print(table.text)
    print("\nA start includes one small exec that pins the server to core \(options.serverCore).")
    for peer in peers { print("  \(peer.name): \(peer.shown)") }
    print("Again: Benchmarks/run start --runs \(options.runs)")
    return result
  }

  /// One start: a new process on a new port, asked every 0.2 ms until it answers 200.
  private func measure(_ peer: Peer) throws -> (elapsed: Double, cpu: Double) {
    let start = try RunningServer.spawn(peer, options, place)
    defer { Descendants.end(start.child.id, patience: 0) }
    while Clock.seconds() < start.began + 30 {
      if let probe = Probe(port: start.port, timeout: 5),
        let answer = probe.ask("GET", options.path, body: nil)
      {
        guard answer.status == 200 else {
          throw BenchError("\(peer.name) \(options.path): status \(answer.status)")
        }
        let elapsed = Clock.seconds() - start.began
        let members = [start.child.id] + Descendants.of(start.child.id).map(\.id)
        return (elapsed * 1e3, scheduledSeconds(members) * 1e3)
      }
      if ProcessRecord(id: start.child.id).map(\.isZombie) ?? true {
        throw BenchError("\(peer.name) ended\n" + RunningServer.tail(start.log))
      }
      usleep(200)
    }
    throw BenchError("\(peer.name) did not answer within 30 s\n" + RunningServer.tail(start.log))
  }
}
