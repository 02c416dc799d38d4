import EggKernel
import Glibc

/// A master that runs, as other commands reach it.
struct RunningMaster {
  let socket: String

  /// The only one of an application's folder, or the one with the title.
  ///
  /// - Throws: `CommandFailure` when there is none, or several to choose from.
  static func find(_ arguments: Arguments) throws -> RunningMaster {
    let folder = arguments[0] ?? "."
    guard let base = Path.real(folder), FileReader.kind(of: base) == .folder else {
      throw CommandFailure("expected the folder of an application, found no folder: \(folder)")
    }
    let rundir = Self.rundir(base)
    if let title = arguments.text("title") {
      let socket = ClusterOptions.controlSocket(rundir: rundir, title: title)
      guard answers(socket) else {
        throw CommandFailure("no master with the title \"\(title)\" answers in \(rundir)")
      }
      return RunningMaster(socket: socket)
    }
    let found = Folder.names(in: rundir).filter { $0.hasSuffix(".sock") }
      .map { rundir + "/" + $0 }.filter(answers)
    guard let first = found.first else {
      throw CommandFailure("no master answers in \(rundir), so nothing runs there")
    }
    guard found.count == 1 else {
      let titles = found.map { Path.lastComponent(of: $0).dropLast(5) }
      throw CommandFailure(
        "several masters run in \(rundir): \(titles.joined(separator: ", ")); say which with --title"
      )
    }
    return RunningMaster(socket: first)
  }

  /// As the application configures it; its standard place when its files can't be read now, because
  /// what runs must be reachable all the same.
  private static func rundir(_ base: String) -> String {
    let installation = Installation()
    installation.prepare(builds: [".build/release", ".build/debug"])
    let plan = try? installation.plan(base, env: nil, framework: nil)
    return plan?.config.value(at: "rundir")?.string ?? base + "/run"
  }

  private static func answers(_ path: String) -> Bool {
    guard var address = UnixPath(path) else { return false }
    return address.answers()
  }

  /// Sends a word and waits for the answer.
  func ask(_ word: String) throws(CommandFailure) -> ConfigValue {
    guard var address = UnixPath(socket) else { throw CommandFailure("\(socket) can't be reached") }
    let descriptor = address.connected()
    guard descriptor >= 0 else { throw CommandFailure("no master answers at \(socket)") }
    defer { close(descriptor) }
    Terminal.write(word + "\n", to: descriptor)
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      bytes += piece[..<count]
    }
    guard let answer = try? JSONParser.parse(bytes, file: socket).value else {
      throw CommandFailure("the master ended without an answer")
    }
    return answer
  }

  /// The master whose processes carry the title, found among all processes.
  static func process(titled title: String) -> pid_t? {
    for name in Folder.names(in: "/proc") {
      guard let pid = pid_t(name) else { continue }
      let words = contents("/proc/\(pid)/cmdline").split(separator: "\0").map(String.init)
      guard words.count == 5, words[1] == "cluster-process", words[4] == title else { continue }
      let status = contents("/proc/\(pid)/status").split(separator: "\n")
      guard let line = status.first(where: { $0.hasPrefix("PPid:") }),
        let parent = pid_t(line.dropFirst(5).filter { $0.isNumber }),
        parent > 1
          || words[2] == "agent"
      else { continue }
      return parent
    }
    return nil
  }

  /// Ended, and only waiting for its parent to notice.
  static func isZombie(_ pid: pid_t) -> Bool {
    let text = contents("/proc/\(pid)/stat")
    guard let end = text.lastIndex(of: ")") else { return true }
    return text[text.index(after: end)...].prefix(3).contains("Z")
  }

  private static func contents(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 4096)
    let count = read(descriptor, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : ""
  }
}
