import Foundation
import LinuxCalls

/// The command: reads its options, runs what was asked, and leaves no process behind.
@main
struct Bench {
  static func main() {
    linux_write_lines_at_once()
    var status: Int32 = 0
    do {
      let options = try Options(Array(CommandLine.arguments.dropFirst()))
      if options.command == .help {
        print(Options.help)
        return
      }
      try prepare(options)
      try run(options)
    } catch {
      FileHandle.standardError.write(Data("bench: \(error)\n".utf8))
      status = 1
    }
    Descendants.endAll()
    exit(status)
  }

  private static func run(_ options: Options) throws {
    let place = Place(options)
    if let file = options.json {  // refused now, not after minutes of measuring
      let folder = URL(fileURLWithPath: file).deletingLastPathComponent().path
      guard FileManager.default.isWritableFile(atPath: folder) else {
        throw BenchError("--json \(file): the folder is missing or not writable")
      }
    }
    place.removeStaleWork()
    defer { place.removeWork() }
    var report = Report(options)
    if options.command == .http || options.command == .all {
      report.http = try HTTPCommand(options, place).run()
    }
    if options.command == .start || options.command == .all {
      report.start = try StartCommand(options, place).run()
    }
    if options.command == .memory || options.command == .all {
      report.memory = try MemoryCommand(options, place).run()
    }
    if options.command == .requests {
      report.requests = try RequestsCommand(options, place).run()
    }
    if options.command == .reload {
      report.reload = try ReloadCommand(options, place).run()
    }
    if options.command == .all {
      print("\nAll goals of this run (budget.md)\n")
      var table = Table(["", "found", "goal", ""])
      let goals =
        (report.http?.ratios ?? []) + (report.start?.goals ?? []) + (report.memory?.goals ?? [])
      for goal in goals {
        table.add([goal.name, goal.found.text(), goal.budget, goal.verdict])
      }
      print(table.text)
    }
    if let file = options.json {
      try report.write(to: file)
      print("\nwritten: \(file)")
    }
  }

  /// Everything that must be so before the first process is started.
  private static func prepare(_ options: Options) throws {
    // A reader that leaves, as `| head` does, must not end us before our servers are ended.
    signal(SIGPIPE, SIG_IGN)
    Descendants.endAllOnSignals(removing: Place(options).work)
    guard linux_adopt_orphans() == 0 else {
      throw BenchError("the kernel refuses PR_SET_CHILD_SUBREAPER, servers could be left behind")
    }
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    if linux_stay_on_core(Int32(options.loadCore)) != 0 {
      throw BenchError("core \(options.loadCore) cannot be used; see --load-core")
    }
    if options.serverCore == options.loadCore {
      print("Server and load generator share core \(options.serverCore): ratios are blurred.\n")
    }
  }
}

/// A refusal or failure with a text for the person at the terminal.
struct BenchError: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}
