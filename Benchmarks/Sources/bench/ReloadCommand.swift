import Foundation
import Synchronization

/// `bench reload`: what reloads and killed workers cost those who are asking, how soon a worker is
/// back, and what a second worker adds.
struct ReloadCommand {
  struct Result: Codable {
    var reloads = 0
    var reloadAnswers = 0
    /// Requests without an answer, or with one that is not 200.
    var reloadLost = 0
    var kills = 0
    var killAnswers = 0
    var killLost = 0
    /// Milliseconds from a worker's death to the line that another one has started.
    var reforkMilliseconds: [Double] = []
    /// Answers a second by number of workers.
    var rates: [Int: Double] = [:]
    /// Answers of each worker in the run with two.
    var spread: [Int] = []
  }

  let options: Options
  let place: Place
  private static let clients = 16
  private static let rounds = 20

  init(_ options: Options, _ place: Place) {
    self.options = options
    self.place = place
  }

  func run() throws -> Result {
    var result = Result()
    try measureReloads(&result)
    try measureKills(&result)
    for workers in [1, 2] { try measureRate(workers, &result) }
    print("\nReloads and faults, \(Self.clients) clients on kept connections\n")
    var table = Table(["", "times", "answers", "lost", "may be lost"])
    table.add([
      "reload", "\(result.reloads)", "\(result.reloadAnswers)", "\(result.reloadLost)", "0",
    ])
    table.add([
      "worker killed", "\(result.kills)", "\(result.killAnswers)", "\(result.killLost)",
      "\(result.kills * Self.clients)",
    ])
    print(table.text)
    if let refork = Spread(result.reforkMilliseconds) {
      print("\nFrom a worker's death to the next one ready, ms: \(refork.text(1))")
    }
    for (workers, rate) in result.rates.sorted(by: { $0.key < $1.key }) {
      print("\(workers) worker\(workers == 1 ? "" : "s"): \(Int(rate)) answers a second")
    }
    print(
      "answers of each of two workers: \(result.spread.map(String.init).joined(separator: ", "))")
    print("The clients share the cores with the server, so rates are low and only comparable here.")
    print("Again: Benchmarks/run reload")
    return result
  }

  private func measureReloads(_ result: inout Result) throws {
    let tree = try Tree(place, workers: 2)
    let load = Load(tree.port, options.path, clients: Self.clients)
    for _ in 0..<Self.rounds {
      try tree.ask("reload")
      result.reloads += 1
    }
    (result.reloadAnswers, result.reloadLost) = load.end()
  }

  private func measureKills(_ result: inout Result) throws {
    let tree = try Tree(place, workers: 2)
    let load = Load(tree.port, options.path, clients: Self.clients)
    for round in 0..<Self.rounds {
      let workers = Descendants.of(tree.child.id).filter { tree.isWorker($0.id) }.map(\.id)
      guard let victim = workers.randomElement() else { continue }
      let started = tree.count(of: " started (pid ")
      let began = Clock.seconds()
      kill(victim, SIGKILL)
      result.kills += 1
      while tree.count(of: " started (pid ") == started {
        guard Clock.seconds() < began + 20 else {
          throw BenchError("kill \(round + 1): no new worker\n" + RunningServer.tail(tree.log))
        }
        usleep(500)
      }
      result.reforkMilliseconds.append((Clock.seconds() - began) * 1e3)
      usleep(100_000)
    }
    (result.killAnswers, result.killLost) = load.end()
  }

  private func measureRate(_ workers: Int, _ result: inout Result) throws {
    let tree = try Tree(place, workers: workers)
    let load = Load(tree.port, options.path, clients: Self.clients)
    usleep(UInt32(options.seconds * 1e6))
    result.rates[workers] = Double(load.end().answers) / options.seconds
    guard workers == 2 else { return }
    let text = Probe(port: tree.port)?.ask("GET", "/-/metrics", body: nil)?.text ?? ""
    result.spread = text.split(separator: "\n").compactMap { line in
      guard line.hasPrefix("egg_request_duration_seconds_count{worker="),
        !line.contains("\"gone\"")
      else { return nil }
      return line.split(separator: " ").last.flatMap { Int($0) }
    }
  }

  /// A master with its workers, ended with this object.
  private final class Tree {
    let child: Child
    let port: Int
    let log: String
    private let place: Place

    init(_ place: Place, workers: Int) throws {
      self.place = place
      port = try Probe.freePort()
      log = try place.makeWork("tree-\(port)") + "/output.log"
      child = try Child(
        // `bench` itself stays on one core, which its children would inherit.
        [
          "/usr/bin/taskset", "-c", "0-\(ProcessInfo.processInfo.processorCount - 1)",
          place.egg, "start", place.app, "--port", String(port), "--workers", String(workers),
          "--env", "prod",
        ], log: log)
      let deadline = Clock.seconds() + 30
      while count(of: " started on http") == 0 {
        guard Clock.seconds() < deadline else {
          throw BenchError("egg did not start\n" + RunningServer.tail(log))
        }
        usleep(2000)
      }
    }

    deinit { Descendants.end(child.id) }

    func count(of text: String) -> Int {
      (try? String(contentsOfFile: log, encoding: .utf8))?.components(separatedBy: text).count
        .advanced(by: -1) ?? 0
    }

    func isWorker(_ id: pid_t) -> Bool {
      let words = (readSmallFile("/proc/\(id)/cmdline") ?? "").split(separator: "\0")
      return words.count > 2 && words[1] == "cluster-process" && words[2] == "worker"
    }

    func ask(_ word: String) throws {
      let status = try Child([place.egg, word, place.app], log: log).wait()
      guard status == 0 else {
        throw BenchError("egg \(word) ended with \(status)\n" + RunningServer.tail(log))
      }
    }
  }

  /// Clients that ask as fast as they are answered, until told to end.
  private final class Load: @unchecked Sendable {
    private let stops = Atomic<Bool>(false)
    private let counts = Mutex<(answers: Int, lost: Int)>((0, 0))
    private let group = DispatchGroup()

    init(_ port: Int, _ path: String, clients: Int) {
      for _ in 0..<clients {
        group.enter()
        Thread { [self] in
          ask(port, path)
          group.leave()
        }.start()
      }
    }

    private func ask(_ port: Int, _ path: String) {
      var probe: Probe?
      var answers = 0
      var lost = 0
      while !stops.load(ordering: .relaxed) {
        guard let open = probe ?? Probe(port: port) else {
          lost += 1
          continue
        }
        let answer = open.ask("GET", path, body: nil)
        if answer?.status == 200 { answers += 1 } else { lost += 1 }
        // The server says when it ends a connection; one that is silent afterwards is a new one's turn.
        probe = answer == nil || open.isClosing ? nil : open
      }
      counts.withLock {
        $0.answers += answers
        $0.lost += lost
      }
    }

    func end() -> (answers: Int, lost: Int) {
      stops.store(true, ordering: .relaxed)
      group.wait()
      return counts.withLock { $0 }
    }
  }
}
