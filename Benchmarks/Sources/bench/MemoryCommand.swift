import Foundation

/// `bench memory`: the serving process when idle, and with many idle keep-alive connections.
struct MemoryCommand {
  struct Result: Codable {
    var connections: Int
    var servers: [Server] = []
    var budget = "egg: idle RSS ≤ 16 MB, 10,000 idle connections ≤ 15 MB more"

    /// The lines of the budget; fewer connections may cost as much less.
    var goals: [HTTPCommand.Ratio] {
      guard let egg = servers.first(where: { $0.name == "egg" }),
        let idle = Spread([Double(egg.idle.rss) / 1024]),
        let more = Spread([Double(egg.holding.rss - egg.idle.rss) / 1024])
      else { return [] }
      return [
        Budget.line("idle worker, resident MB", idle, .below(16)),
        Budget.line(
          "\(connections) idle connections, MB more", more,
          .below(15 * Double(connections) / 10_000)),
      ]
    }
  }

  struct Server: Codable {
    let name: String
    /// After one answer.
    let idle: Memory
    /// With the connections, each of which made one request.
    let holding: Memory
    /// Pss of all processes of the server when idle, in KiB: master, agent and worker.
    let allProcesses: Int
    /// How many connections the server closed while they were held.
    let closed: Int
  }

  let options: Options
  let place: Place

  init(_ options: Options, _ place: Place) {
    self.options = options
    self.place = place
  }

  func run() throws -> Result {
    var result = Result(connections: options.idle)
    let peers = try Peer.participants(options, place)
    for peer in peers { result.servers.append(try measure(peer)) }
    print("\nMemory of the serving process, MB; \(options.idle) connections, one request on each\n")
    var table = Table([
      "", "idle RSS", "idle Pss", "all processes", "holding RSS", "more RSS", "KB a connection",
      "budget",
    ])
    for server in result.servers {
      let more = Double(server.holding.rss - server.idle.rss)
      let within = server.idle.rss <= 16 * 1024 && more <= 15 * 1024
      table.add([
        server.name, megabytes(server.idle.rss), megabytes(server.idle.pss),
        megabytes(server.allProcesses), megabytes(server.holding.rss),
        (more / 1024).text(1), (more / Double(options.idle)).text(2),
        server.name == "egg" ? "≤ 16, ≤ 15 more: \(within ? "within" : "beyond")" : "",
      ])
    }
    print(table.text)
    for server in result.servers where server.closed > 0 {
      print("\(server.name) closed \(server.closed) of the connections while they were held")
    }
    for peer in peers { print("  \(peer.name): \(peer.shown)") }
    print("Again: Benchmarks/run memory --idle \(options.idle)")
    return result
  }

  private func measure(_ peer: Peer) throws -> Server {
    let server = try RunningServer(peer, path: options.path, options, place)
    defer { server.stop() }
    sleep(1)
    let idle = try memory(of: server)
    let all = ([server.root] + Descendants.of(server.root).map(\.id))
      .compactMap { Memory(of: $0)?.pss }.reduce(0, +)

    let log = try place.makeWork() + "/eggload.log"
    let holder = try Child(
      [
        try place.tool("pin"), String(options.loadCore), try place.tool("eggload"),
        "--port", String(server.port), "--path", options.path, "--idle", String(options.idle),
      ], log: log, piped: true)
    defer { Descendants.end(holder.id, patience: 0) }
    guard let held = Self.number("holding", in: line(from: holder)), held == options.idle else {
      throw BenchError(
        "\(peer.name): not all of \(options.idle) connections could be opened\n"
          + RunningServer.tail(log))
    }
    sleep(1)
    let holding = try memory(of: server)
    try holder.input?.close()
    let closed = Self.number("closed", in: line(from: holder)) ?? 0
    _ = holder.wait()
    return Server(
      name: peer.name, idle: idle, holding: holding, allProcesses: all, closed: closed)
  }

  private func memory(of server: RunningServer) throws -> Memory {
    guard let memory = Memory(of: server.serving) else {
      throw BenchError("\(server.peer.name): /proc/\(server.serving)/smaps_rollup is not readable")
    }
    return memory
  }

  /// One line of the holder's output; empty at its end.
  private func line(from child: Child) -> String {
    var bytes: [UInt8] = []
    while let byte = try? child.output?.read(upToCount: 1)?.first, byte != 10 { bytes.append(byte) }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// The number of a key in a line of JSON.
  static func number(_ key: String, in line: String) -> Int? {
    let object = try? JSONSerialization.jsonObject(with: Data(line.utf8)) as? [String: Any]
    return object?[key] as? Int
  }

  private func megabytes(_ kilobytes: Int) -> String { (Double(kilobytes) / 1024).text(1) }
}
