import EggKernel
import Glibc

extension CommandDescription {
  static let stop = CommandDescription(
    path: ["stop"], summary: "end a running application in order",
    arguments: [.optional("DIR", "the application's folder")],
    options: [
      .title, .value("timeout", "SECONDS", "how long it may take before it is killed; 20"),
    ],
    notes: """
      Finds the master by its socket in run/, or with --title among the processes of this machine.
      Waits until it has ended. Exit code 0 also when nothing runs.
      """,
    run: runStop)

  static let reload = CommandDescription(
    path: ["reload"], summary: "replace the workers one by one without losing a request",
    arguments: [.optional("DIR", "the application's folder")], options: [.title],
    notes: """
      Returns when every worker is a new one. A new worker that can't start ends it with exit code 1,
      and the ones before serve on. The agent and the master stay.
      """,
    run: runReload)

  static let status = CommandDescription(
    path: ["status"], summary: "the processes of a running application",
    arguments: [.optional("DIR", "the application's folder")], options: [.title, .json],
    notes: "Exit code 1 when nothing runs.",
    run: runStatus)
}

private func runStop(_ arguments: Arguments) throws {
  let timeout = try arguments.number("timeout", in: 1...86_400) ?? 20
  guard let pid = try findMaster(arguments) else {
    return Terminal.warning("nothing to stop: no master runs")
  }
  guard kill(pid, SIGTERM) == 0 else {
    throw CommandFailure("process \(pid) can't be signalled: \(systemMessage(errno))")
  }
  let deadline = Clock.nanoseconds + UInt64(timeout) * 1_000_000_000
  while kill(pid, 0) == 0, !RunningMaster.isZombie(pid) {
    guard Clock.nanoseconds < deadline else {
      // Its processes end with it.
      kill(pid, SIGKILL)
      throw CommandFailure("process \(pid) did not end in \(timeout) s and was killed")
    }
    usleep(20_000)
  }
  Terminal.print("stopped process \(pid)")
}

private func runReload(_ arguments: Arguments) throws {
  let started = Clock.nanoseconds
  let answer = try RunningMaster.find(arguments).ask("reload")
  if let error = answer["error"]?.string { throw CommandFailure(error) }
  Terminal.print("reloaded in \(Clock.seconds(since: started))")
}

private func runStatus(_ arguments: Arguments) throws {
  let answer = try RunningMaster.find(arguments).ask("status")
  if arguments.printsJSON {
    return Terminal.print(JSONWriter.text(answer, indentation: 2))
  }
  func text(_ key: String) -> String { answer[key]?.string ?? "" }
  let addresses = answer["addresses"]?.strings ?? []
  Terminal.print(
    "\(text("name")), env \(text("env")), title \(text("title"))\n\(addresses.joined(separator: ", "))\n"
  )
  var rows = [
    ["role", "pid", "state", "uptime", "memory", "requests", "active", "connections", "restarts"]
  ]
  guard case .array(let processes)? = answer["processes"] else { return }
  for process in processes {
    func number(_ key: String) -> Int64 { process[key]?.int ?? 0 }
    let role = process["role"]?.string ?? ""
    let isWorker = role == "worker"
    rows.append([
      isWorker ? "worker \(number("number"))" : role, String(number("pid")),
      process["state"]?.string ?? "", duration(number("uptime")),
      "\(number("memory") / (1 << 20)) MB", isWorker ? String(number("requests")) : "",
      isWorker ? String(number("active")) : "", isWorker ? String(number("connections")) : "",
      role == "master" ? "" : String(number("restarts")),
    ])
  }
  Terminal.print(TextTable.lines(rows).joined(separator: "\n"))
  let restarts = answer["restarts"]?.int ?? 0
  let reloads = answer["reloads"]?.int ?? 0
  Terminal.print(
    "\n\(answer["requests"]?.int ?? 0) requests, \(restarts) restarts after a death, \(reloads) reloads"
  )
}

/// `3d 4h`, `2h 5m`, `4m 10s`, `12s`.
private func duration(_ milliseconds: Int64) -> String {
  let seconds = milliseconds / 1000
  if seconds >= 86_400 { return "\(seconds / 86_400)d \(seconds / 3600 % 24)h" }
  if seconds >= 3600 { return "\(seconds / 3600)h \(seconds / 60 % 60)m" }
  if seconds >= 60 { return "\(seconds / 60)m \(seconds % 60)s" }
  return "\(seconds)s"
}

/// By the socket; by the title among all processes where there is none.
private func findMaster(_ arguments: Arguments) throws -> pid_t? {
  if let title = arguments.text("title"), arguments[0] == nil {
    return RunningMaster.process(titled: title)
  }
  guard let master = try? RunningMaster.find(arguments) else { return nil }
  guard case .array(let processes)? = try master.ask("status")["processes"],
    let pid = processes.first?["pid"]?.int
  else { return nil }
  return pid_t(pid)
}
