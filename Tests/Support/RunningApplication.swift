import Foundation

/// An application that the built `egg` serves from a copy of its folder, in a process of its own; both
/// end with this object.
///
///     let blog = try RunningApplication(folder, files: ["config/config.prod.json": "{}"])
///     #expect(try blog.get("/").status == 200)
public final class RunningApplication: @unchecked Sendable {
  /// The copy.
  public let folder: URL
  /// Where it listens. Set by `init`, as all else here.
  public private(set) var port: UInt16 = 0
  private let process = Process()
  private let logFile: URL

  /// - Parameters:
  ///   - source: the application's folder.
  ///   - parts: what is copied of it; nil is everything.
  ///   - files: texts that are laid into the copy, by their path there.
  ///   - env: the name of Egg's environment.
  ///   - options: more of `egg start`; one process unless they say otherwise.
  ///   - variables: of the process's environment.
  ///   - prefix: of other variables that it does not get.
  ///   - prepare: may change the copy before the start.
  /// - Throws: `Failure` with the log when the start fails.
  public init(
    _ source: URL, parts: [String]? = nil, files: [String: String] = [:], env: String = "prod",
    options: [String] = ["--single"], variables: [String: String] = [:],
    hiding prefix: String = "EGG_", prepare: (URL) throws -> Void = { _ in }
  ) throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-app-\(UUID().uuidString)")
    logFile = folder.appendingPathExtension("log")
    for file in [folder, logFile] { Children.remove(atEnd: file) }
    try Self.copy(source, parts, to: folder)
    for (name, text) in files { try write(text, to: name) }
    try prepare(folder)
    // A file and no pipe: children that start at the same time would hold its other end open.
    _ = FileManager.default.createFile(atPath: logFile.path, contents: nil)
    let output = try FileHandle(forWritingTo: logFile)
    defer { try? output.close() }
    process.executableURL = Built.egg
    process.arguments =
      ["start", folder.path, "--port", "0", "--host", "127.0.0.1", "--env", env] + options
    process.environment = Built.environment(variables, hiding: prefix)
    process.standardOutput = output
    process.standardError = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    Children.end(atEnd: process.processIdentifier)
    let line = try wait(for: " started on http")
    let digits = line.components(separatedBy: "://127.0.0.1:").last?.prefix { $0.isNumber }
    guard let digits, let port = UInt16(digits) else { throw Failure("no port in \(line)") }
    self.port = port
  }

  private static func copy(_ source: URL, _ parts: [String]?, to folder: URL) throws {
    guard let parts else { return try FileManager.default.copyItem(at: source, to: folder) }
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    for part in parts {
      try FileManager.default.copyItem(
        at: source.appendingPathComponent(part), to: folder.appendingPathComponent(part))
    }
  }

  deinit {
    end()
    for file in [folder, logFile] { try? FileManager.default.removeItem(at: file) }
    Children.forget(process.processIdentifier, folder, logFile)
  }

  /// Ends the process as an operator does, and waits for it.
  public func end() {
    guard process.isRunning else { return }
    process.terminate()
    while process.isRunning { usleep(2000) }
  }

  /// The first process: the only one, or the master.
  public var identifier: Int32 { process.processIdentifier }
  public var isRunning: Bool { process.isRunning }

  /// Lays a text into the application's folder.
  public func write(_ text: String, to file: String) throws {
    let url = folder.appendingPathComponent(file)
    try FileManager.default.createDirectory(
      at: url.deletingLastPathComponent(), withIntermediateDirectories: true)
    try text.write(to: url, atomically: true, encoding: .utf8)
  }

  // MARK: what it logs

  /// What it has written so far, on standard output and standard error.
  public var log: String { (try? String(contentsOf: logFile, encoding: .utf8)) ?? "" }

  /// The line of the log that has `text`.
  @discardableResult
  public func wait(for text: String) throws -> String {
    let deadline = Date(timeIntervalSinceNow: 120)
    while true {
      // Asked first: what it wrote before it ended is in the log then.
      let isRunning = process.isRunning
      let seen = log
      if let line = seen.split(separator: "\n").first(where: { $0.contains(text) }) {
        return String(line)
      }
      guard isRunning, Date() < deadline else {
        throw Failure("the log has no \"\(text)\":\n\(seen)")
      }
      usleep(5000)
    }
  }

  /// Bytes of memory that a process held at most: the application's, or one of its workers.
  public func peakBytes(of process: Int32? = nil) throws -> Int {
    let path = "/proc/\(process ?? identifier)/status"
    let text = try String(contentsOfFile: path, encoding: .utf8)
    let line = text.split(separator: "\n").first { $0.hasPrefix("VmHWM:") } ?? ""
    guard let kibibytes = line.split(separator: " ").dropLast().last.flatMap({ Int($0) }) else {
      throw Failure("\(path) has no VmHWM")
    }
    return kibibytes << 10
  }
}

extension RunningApplication {
  /// Bytes of memory that the process holds now.
  public var residentBytes: Int {
    let text = (try? String(contentsOfFile: "/proc/\(identifier)/statm", encoding: .utf8)) ?? ""
    let pages = text.split(separator: " ").dropFirst().first.flatMap { Int($0) } ?? 0
    return pages * sysconf(Int32(_SC_PAGESIZE))
  }
}

/// Asks until it is so: for what happens behind an answer.
///
/// - Throws: `Failure` with `what` when it has not happened within two minutes.
public func wait(_ what: @autoclosure () -> String, until isSo: () throws -> Bool) throws {
  let deadline = Date(timeIntervalSinceNow: 120)
  while try !isSo() {
    guard Date() < deadline else { throw Failure("did not happen: \(what())") }
    usleep(10_000)
  }
}
