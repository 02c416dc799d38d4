import Foundation
import MySQLTestSupport
import Synchronization

/// The blog in a process of its own, in a copy of its folder; both end with this object. Pages are
/// asked for as a browser does, with curl and a jar of cookies.
final class BlogServer {
  let folder: URL
  private let process = Process()
  private let log = Pipe()
  private var address = ""

  struct Failure: Error, CustomStringConvertible { let description: String }

  struct Page {
    let status: Int
    let location: String
    let text: String
  }

  /// - Parameter plugin: the database's line in `config/plugin.json`, in place of SQLite's.
  init(plugin: String? = nil, environment: [String: String] = [:]) throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-blog-\(UUID().uuidString)")
    let files = FileManager.default
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    try files.createDirectory(at: folder, withIntermediateDirectories: true)
    for name in ["app", "config"] {
      try files.copyItem(
        at: source.appendingPathComponent(name), to: folder.appendingPathComponent(name))
    }
    try write(
      #"{ "name": "blog", "version": "1.0.0", "library": "libBlogExample.so" }"#, "egg.json")
    if let plugin {
      let table = try String(
        contentsOf: folder.appendingPathComponent("config/plugin.json"), encoding: .utf8)
      let line = #""sqlite": { "package": "egg-sqlite" }"#
      guard table.contains(line) else { throw Failure(description: "no \(line) in \(table)") }
      try write(table.replacingOccurrences(of: line, with: plugin), "config/plugin.json")
    }
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("egg")
    process.arguments = [
      "start", folder.path, "--single", "--port", "0", "--host", "127.0.0.1", "--env", "prod",
    ]
    process.environment = ProcessInfo.processInfo.environment.filter {
      !$0.key.hasPrefix("EGG_") && !$0.key.hasPrefix("BLOG_")
    }.merging(environment) { $1 }
    process.standardOutput = log
    process.standardError = log
    try process.run()
    Self.running.withLock { $0[process.processIdentifier] = folder.path }
    address = try awaitAddress()
  }

  deinit {
    process.terminate()
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
    Self.running.withLock { _ = $0.removeValue(forKey: process.processIdentifier) }
  }

  private static let running: Mutex<[Int32: String]> = {
    atexit {
      for (identifier, folder) in BlogServer.running.withLock({ $0 }) {
        kill(identifier, SIGTERM)
        try? FileManager.default.removeItem(atPath: folder)
      }
    }
    return Mutex<[Int32: String]>([:])
  }()

  func get(_ path: String) throws -> Page { try ask([address + path]) }

  /// Sends the form that stands on `page`, hidden token included.
  func post(_ path: String, from page: String, _ fields: [(String, String)] = []) throws -> Page {
    let form = try get(page).text
    guard let start = form.range(of: #"name="_csrf" value=""#),
      let end = form[start.upperBound...].firstIndex(of: "\"")
    else { throw Failure(description: "\(page) has no token: \(form)") }
    let token = ("_csrf", String(form[start.upperBound..<end]))
    return try ask(
      ([token] + fields).flatMap { ["--data-urlencode", "\($0)=\($1)"] } + [address + path])
  }

  /// Sends a form that no page has shown.
  func forge(_ path: String) throws -> Page { try ask(["-d", "title=x", address + path]) }

  private func ask(_ words: [String]) throws -> Page {
    let curl = Process()
    let output = Pipe()
    let jar = folder.appendingPathComponent("cookies").path
    curl.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    curl.arguments =
      ["curl", "-s", "-i", "-m", "20", "-H", "Accept: text/html", "-b", jar, "-c", jar] + words
    curl.standardOutput = output
    try curl.run()
    let answer = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    curl.waitUntilExit()
    guard let end = answer.range(of: "\r\n\r\n"), let status = Int(answer.dropFirst(9).prefix(3))
    else { throw Failure(description: "no answer to \(words): \(answer)") }
    let lines = answer[..<end.lowerBound].split(separator: "\r\n")
    let location = lines.first { $0.hasPrefix("Location: ") }?.dropFirst(10) ?? ""
    return Page(
      status: status, location: String(location), text: String(answer[end.upperBound...]))
  }

  private func write(_ text: String, _ name: String) throws {
    try text.write(to: folder.appendingPathComponent(name), atomically: true, encoding: .utf8)
  }

  private func awaitAddress() throws -> String {
    let pattern = try NSRegularExpression(pattern: "started on (http://[^ ]*:[0-9]+)")
    var output = ""
    while true {
      let data = log.fileHandleForReading.availableData
      output += String(decoding: data, as: UTF8.self)
      let range = NSRange(output.startIndex..., in: output)
      if let match = pattern.firstMatch(in: output, range: range),
        let found = Range(match.range(at: 1), in: output)
      {
        // Nobody reads the log any more; it must not fill up.
        log.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
        return String(output[found])
      }
      if data.isEmpty { throw Failure(description: output) }
    }
  }
}
