import EggKernel

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

  func run() throws(CommandFailure) {
    let progress = ProgressLine(title)
    var output: [String] = []
    let child = try Child.run(words) { line in
      if Self.isProgress(line) {
        progress.show(line)
      } else {
        output.append(line)
      }
    }
    guard child.status == 0 else {
      progress.end("failed")
      Terminal.note(Self.essence(of: output).joined(separator: "\n"))
      throw CommandFailure("\(words.joined(separator: " ")) ended with \(child.status)")
    }
    progress.end("done")
    let warnings = output.filter { $0.contains(": warning: ") }
    if !warnings.isEmpty { Terminal.note(warnings.joined(separator: "\n")) }
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
      let isHead = line.contains(": error: ") || line.hasPrefix("error: ")
      let isOther = line.contains(": warning: ") || line.hasPrefix("warning: ")
      if isHead {
        isInside = seen.insert(line).inserted
      } else if isOther || line.isEmpty {
        isInside = false
      }
      if isInside { kept.append(line) }
    }
    return kept.isEmpty ? output : kept
  }
}
