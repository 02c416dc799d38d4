import Foundation

/// Where things are: the tools, the peers, our own server, a folder for what is made on the way.
struct Place {
  /// The `Benchmarks` folder.
  let benchmarks: String
  /// For generated configurations and servers' output; removed at the end.
  let work: String
  let egg: String
  let app: String

  init(_ options: Options) {
    let environment = ProcessInfo.processInfo.environment
    benchmarks = environment["EGG_BENCHMARKS"] ?? FileManager.default.currentDirectoryPath
    work = benchmarks + "/.build-tools/work-\(getpid())"
    egg = options.egg ?? (benchmarks as NSString).deletingLastPathComponent + "/.build/release/egg"
    app = options.app ?? benchmarks + "/app"
  }

  /// A compiled C tool.
  /// - Throws: when it is not compiled; `Benchmarks/run` does that.
  func tool(_ name: String) throws -> String {
    let path = benchmarks + "/.build-tools/" + name
    guard FileManager.default.isExecutableFile(atPath: path) else {
      throw BenchError("\(show(path)) is missing: start through Benchmarks/run, which compiles it")
    }
    return path
  }

  /// Makes the folder for what is made on the way, and one inside it when a name is given.
  func makeWork(_ name: String? = nil) throws -> String {
    let path = name.map { work + "/" + $0 } ?? work
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    return path
  }

  func removeWork() {
    try? FileManager.default.removeItem(atPath: work)
  }

  /// Removes what a bench that was killed outright left behind.
  func removeStaleWork() {
    let tools = benchmarks + "/.build-tools"
    let files = FileManager.default
    for name in (try? files.contentsOfDirectory(atPath: tools)) ?? []
    where name.hasPrefix("work-") {
      guard let id = pid_t(name.dropFirst(5)), ProcessRecord(id: id) == nil else { continue }
      try? files.removeItem(atPath: tools + "/" + name)
    }
  }

  /// A path as it is printed: relative to the folder that holds `Benchmarks`.
  func show(_ text: String) -> String {
    let root = (benchmarks as NSString).deletingLastPathComponent
    return text.replacingOccurrences(of: root + "/", with: "")
  }

  /// The first executable of that name on `PATH`, or nil.
  static func find(_ name: String) -> String? {
    let path = (ProcessInfo.processInfo.environment["PATH"] ?? "") + ":/usr/sbin:/usr/local/sbin"
    return path.split(separator: ":").map { "\($0)/\(name)" }
      .first { FileManager.default.isExecutableFile(atPath: $0) }
  }
}
