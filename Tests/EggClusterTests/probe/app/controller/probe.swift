import Egg
import Glibc

final class ProbeController: Controller {
  func pid() { ctx.body = String(getpid()) }

  /// How the request came.
  func origin() {
    ctx.body = "\(getpid()) \(ctx.protocol) \(ctx.secure) \(ctx.origin)"
  }

  func slow() async throws {
    let milliseconds = Int(ctx.params["ms"]) ?? 0
    try await Task.sleep(for: .milliseconds(milliseconds))
    ctx.body = "slept"
  }

  /// Ends or hangs this process.
  func die() {
    switch ctx.params["how"] {
    case "trap":
      let numbers: [Int] = []
      ctx.body = "\(numbers[ctx.url.utf8.count])"
    case "segv": kill(getpid(), SIGSEGV)
    case "hang": while true { usleep(1000) }
    case "exit": exit(3)
    case "memory":
      var kept: [[UInt8]] = []
      while true { kept.append([UInt8](repeating: 1, count: 8 << 20)) }
    default: kill(getpid(), SIGKILL)
    }
  }

  /// What this process and, through it, the agent of the same process have received.
  func inbox() {
    let messages = app[Inbox.self] ?? []
    ctx.body = ["pid": Value(Int(getpid())), "messages": Value(messages)] as Value
  }

  func send() {
    let data: Value = ["from": Value(Int(getpid())), "text": "hällo"]
    switch ctx.params["to"] {
    case "broadcast": app.messenger.broadcast("note", data)
    case "app": app.messenger.sendToApp("note", data)
    case "agent": app.messenger.sendToAgent("note", data)
    case "random": app.messenger.sendRandom("note", data)
    case let pid: app.messenger.sendTo(Int(pid) ?? 0, "note", data)
    }
    ctx.body = "sent"
  }

  /// Sends numbered messages of a size to the agent, which sends each back, and checks their order.
  func many() async throws {
    let count = Int(ctx.params["count"]) ?? 0
    let size = Int(ctx.params["size"]) ?? 0
    let padding = Value.data([UInt8](repeating: 7, count: size))
    var expected = 0
    var faults = 0
    let listener = app.messenger.on("echo-back") { data in
      if data.number.int != expected || data.padding.bytes?.count != size { faults += 1 }
      expected += 1
    }
    defer { listener.end() }
    var waits = 0
    for number in 0..<count {
      let sent = app.messenger.sendToAgent(
        "echo", ["number": Value(number), "padding": padding, "from": Value(Int(getpid()))])
      if sent != .taken {
        waits += 1
        await app.messenger.drained()
      }
    }
    for _ in 0..<1000 where expected < count { try await Task.sleep(for: .milliseconds(10)) }
    ctx.body =
      ["received": Value(expected), "faults": Value(faults), "waits": Value(waits)] as Value
  }

  func trace() {
    ctx.body = ["id": Value(ctx.traceId), "parent": Value(ctx.traceparent)] as Value
  }

  func reload() { ctx.body = app.reload("told to") ? "asked" : "nobody to ask" }

  /// Starts a process that loses its parent at once, and says its id.
  func orphan() {
    guard let pipe = popen("sleep 1 >/dev/null 2>&1 & echo $!", "r") else { return }
    defer { pclose(pipe) }
    var line = [CChar](repeating: 0, count: 64)
    guard fgets(&line, Int32(line.count), pipe) != nil else { return }
    ctx.body = String(decoding: line.prefix { $0 > 32 }.map(UInt8.init), as: UTF8.self)
  }

  /// A template of the plugins view and view-nunjucks.
  func render() async throws { try await ctx.render(ctx.params["name"]) }

  func greeting() { ctx.body = app.config.probe.greeting.string ?? "none" }

  /// From now on the process says at `/-/ready` that it is not.
  func notReady() {
    app[Unready.self] = true
    ctx.body = "not ready"
  }
}
