import Foundation

/// What the command line asks for. Every field has the value that is used when nothing is said.
struct Options {
  enum Command: String { case http, start, memory, requests, reload, all, help }

  var command = Command.all
  /// Our server's executable; nil: `.build/release/egg` beside the `Benchmarks` folder.
  var egg: String?
  /// The application that our server serves; nil: `Benchmarks/app`.
  var app: String?
  var serverCommands: [ServerCommand] = []
  /// Names of the servers to take part; empty: all that are installed.
  var only: [String] = []
  var without: Set<String> = []
  var routes: [String] = []
  var rounds = 5
  var seconds = 2.0
  var warmUp = 1.0
  var connections = 64
  var runs = 11
  var idle = 10_000
  var serverCore = 0
  var loadCore = ProcessInfo.processInfo.processorCount > 1 ? 1 : 0
  var json: String?
  /// For `requests`: the one server and the one request.
  var server: String?
  var path = "/plaintext"
  var method: String?
  var body: String?
  var headers: [String] = []
  var pipeline = 1
  /// Requests a second; nil: as fast as the answers come.
  var rate: Double?

  /// A server of the user's own: `name=command`, or only the command.
  struct ServerCommand: Equatable {
    let name: String
    /// A shell command in which `{port}` stands for the port to listen on.
    let text: String

    /// - Parameter index: numbers servers without a name: `custom`, `custom2`, …
    init(_ argument: String, index: Int) throws {
      guard argument.contains("{port}") else {
        throw BenchError("--server-command needs {port} where the port goes: \"\(argument)\"")
      }
      if let named = argument.wholeMatch(of: /([a-z][a-z0-9-]*)=(.*)/) {
        name = String(named.1)
        text = String(named.2)
      } else {
        name = index == 0 ? "custom" : "custom\(index + 1)"
        text = argument
      }
    }
  }

  init(_ arguments: [String]) throws {
    var rest = arguments[...]
    if let first = rest.first, !first.hasPrefix("-") {
      guard let command = Command(rawValue: first) else {
        throw BenchError(
          "unknown command \"\(first)\"; there are http, start, memory, requests, reload, all")
      }
      self.command = command
      rest = rest.dropFirst()
    }
    if let quick = rest.firstIndex(of: "--quick") {
      rest.remove(at: quick)
      (rounds, seconds, warmUp, runs, idle) = (2, 0.5, 0.2, 3, 1000)
    }
    while let name = rest.popFirst() {
      if name == "--help" || name == "-h" {
        command = .help
        return
      }
      if name.hasPrefix("--no-") {
        without.insert(String(name.dropFirst(5)))
        continue
      }
      guard let value = rest.popFirst() else { throw BenchError("\(name) needs a value") }
      try set(name, to: value)
    }
  }

  private mutating func set(_ name: String, to value: String) throws {
    func number(_ range: ClosedRange<Int>) throws -> Int {
      guard let number = Int(value), range.contains(number) else {
        throw BenchError("\(name) takes a whole number in \(range), not \"\(value)\"")
      }
      return number
    }
    func decimal(_ range: ClosedRange<Double>) throws -> Double {
      guard let number = Double(value), range.contains(number) else {
        throw BenchError("\(name) takes a number in \(range), not \"\(value)\"")
      }
      return number
    }
    let list = value.split(separator: ",").map(String.init)
    switch name {
    case "--egg": egg = value
    case "--app": app = value
    case "--server-command":
      serverCommands.append(try ServerCommand(value, index: serverCommands.count))
    case "--only": only = list
    case "--routes": routes = list
    case "--rounds": rounds = try number(1...1000)
    case "--seconds": seconds = try decimal(0.1...3600)
    case "--warmup": warmUp = try decimal(0...3600)
    case "--connections": connections = try number(1...20000)
    case "--runs": runs = try number(1...1000)
    case "--idle": idle = try number(1...50000)
    case "--server-core": serverCore = try number(0...1023)
    case "--load-core": loadCore = try number(0...1023)
    case "--json": json = value
    case "--server": server = value
    case "--path": path = value
    case "--method": method = value
    case "--body": body = value
    case "--header": headers.append(value)
    case "--pipeline": pipeline = try number(1...1024)
    case "--rate": rate = try decimal(0.1...1e7)
    default: throw BenchError("unknown option \"\(name)\"; see bench help")
    }
  }

  static let help = """
    bench [http | start | memory | requests | reload | all] [options]

      http       server CPU per request, route by route, as ratios in one run
      start      from spawning a server to its first answer
      memory     an idle worker, and with many idle keep-alive connections
      requests   one route of one server
      reload     requests lost in reloads and when workers are killed; one and two workers
      all        http, start and memory (the default)

    Who takes part
      --egg FILE              our server (../.build/release/egg)
      --app FOLDER            the application it serves (Benchmarks/app)
      --server-command CMD    another server: a shell command with {port} in it,
                              "name=CMD" gives it a name; may be repeated
      --only a,b              of c-loop, egg, egg-access, egg-pass, egg-work, nginx, node,
                              hummingbird and your own
      --no-NAME               without one of them, as in --no-hummingbird

    How
      --quick                 a try in a minute or two: 2 rounds of 0.5 s, 3 starts, 1000
                              connections; the spreads are wide
      --rounds N (5)  --seconds S (2)  --warmup S (1)  --connections N (64)
      --routes a,b            of plaintext, json, user, mw, echo, 1k, pipelined
      --rate R                the same R requests a second for all, instead of as many as
                              each can; latency then counts from when a request was due
      --runs N (11)           starts of each server, for start
      --idle N (10000)        connections, for memory
      --server-core N (0)  --load-core N (1)
      --json FILE             everything measured, every round

    requests, reload
      --path /x
    requests
      --server NAME  --method M  --body TEXT  --header 'K: V'
      --pipeline N            requests in one write
    """
}
