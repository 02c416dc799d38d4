import EggKernel
import Glibc
import Synchronization

/// `swift build` for one folder: a progress line while it runs, the compiler's errors when it fails.
struct SwiftBuild {
  let folder: String
  let isRelease: Bool
  /// Nil builds everything in the package.
  var product: String?

  /// - Throws: `CommandFailure` when the compiler found something, after its findings were printed.
  func run() throws(CommandFailure) {
    let mode = isRelease ? "release" : "debug"
    var words = ["swift", "build", "--package-path", folder, "-c", mode]
    if let product { words += ["--product", product] }
    let name = Path.lastComponent(of: Path.real(folder) ?? folder)
    try BuildRun(title: "building \(name) (\(mode))", words: words).run()
  }
}

/// A build with any tool.
struct BuildRun {
  let title: String
  let words: [String]

  /// - Throws: `CommandFailure` when it ends with an error, after what it said was printed.
  func run() throws(CommandFailure) {
    guard let status = try outcome().status else { return }
    throw CommandFailure("\(words.joined(separator: " ")) ended with \(status)")
  }

  /// - Returns: nil, or what a failed build said, which was printed too.
  /// - Throws: `CommandFailure` when the tool can't be started.
  func attempt() throws(CommandFailure) -> [String]? {
    let (status, said) = try outcome()
    return status == nil ? nil : said
  }

  /// - Returns: a status when it failed.
  private func outcome() throws(CommandFailure) -> (status: Int32?, said: [String]) {
    let progress = ProgressLine(title)
    var output: [String] = []
    let child = try Child.run(words, started: { RunningBuild.pid.store($0, ordering: .relaxed) }) {
      line in
      if Self.isProgress(line) {
        progress.show(line)
      } else {
        output.append(line)
      }
    }
    RunningBuild.pid.store(0, ordering: .relaxed)
    guard child.status == 0 else {
      progress.end("failed")
      let said = Self.essence(of: output)
      Terminal.note(said.joined(separator: "\n"))
      return (child.status, said)
    }
    progress.end("done")
    let warnings = output.filter { $0.contains(": warning: ") }
    if !warnings.isEmpty { Terminal.note(warnings.joined(separator: "\n")) }
    return (nil, [])
  }

  /// Ends the build that runs, if one does: this process ends.
  static func stop() {
    let pid = RunningBuild.pid.load(ordering: .relaxed)
    if pid > 0 { kill(pid, SIGTERM) }
  }

  /// `[12/40] Compiling …`, `Building for …`, and the like.
  static func isProgress(_ line: String) -> Bool {
    if line.hasPrefix("["), let end = line.firstIndex(of: "]") {
      let counter = line[line.index(after: line.startIndex)..<end]
      return counter.contains("/") && counter.allSatisfy { $0.isNumber || $0 == "/" }
    }
    return ["Building for ", "Build complete", "Planning ", "Fetching ", "Compiling "]
      .contains(where: line.hasPrefix)
  }

  /// The errors, with the lines of source below them. SwiftPM shows each diagnostic twice, once in
  /// the compiler's own block; everything is shown when no error is marked as such.
  static func essence(of output: [String]) -> [String] {
    var seen: Set<String> = []
    var kept: [String] = []
    var isInside = false
    for line in output {
      // Says that something has failed whose findings stand elsewhere.
      let isEcho = line.hasPrefix("error: ") && line.contains(" command failed with exit code ")
      let isHead = (line.contains(": error: ") || line.hasPrefix("error: ")) && !isEcho
      let isOther = line.contains(": warning: ") || line.hasPrefix("warning: ")
      if isHead {
        isInside = seen.insert(line).inserted
      } else if isOther || isEcho || line.isEmpty {
        isInside = false
      }
      if isInside { kept.append(line) }
    }
    return kept.isEmpty ? output : kept
  }
}

/// The process of the build that runs; builds come one at a time.
private enum RunningBuild {
  static let pid = Atomic<pid_t>(0)
}
