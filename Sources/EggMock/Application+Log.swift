import EggKernel
import Foundation
import Testing

import class Egg.Application

extension Egg.Application {
  /// `expectLog` looks at what is logged from here on only.
  ///
  /// - Parameter logger: a logger's name, `logger` (the application's) without one.
  public func mockLog(_ logger: String = "logger") {
    Mocks.logStarts[logger] = LogText.read(self, logger).utf8.count
  }

  /// Fails the test unless the log contains a text.
  public func expectLog(
    _ text: String, _ logger: String = "logger", sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let log = LogText.since(self, logger)
    if log.contains(text) { return }
    Issue.record(
      "can't find \"\(text)\" in the log \(logger), which ends with: \(log.suffix(500))",
      sourceLocation: sourceLocation)
  }

  /// The same for a pattern.
  public func expectLog(
    _ pattern: Regex<some Any>, _ logger: String = "logger",
    sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let log = LogText.since(self, logger)
    if log.firstMatch(of: pattern) != nil { return }
    Issue.record(
      "nothing in the log \(logger) matches; it ends with: \(log.suffix(500))",
      sourceLocation: sourceLocation)
  }

  /// Fails the test if the log contains a text.
  public func notExpectLog(
    _ text: String, _ logger: String = "logger", sourceLocation: SourceLocation = #_sourceLocation
  ) {
    let log = LogText.since(self, logger)
    guard log.contains(text) else { return }
    Issue.record(
      "found \"\(text)\" in the log \(logger), which ends with: \(log.suffix(500))",
      sourceLocation: sourceLocation)
  }
}

/// The file of a logger.
private enum LogText {
  static func since(_ app: Egg.Application, _ logger: String) -> String {
    let all = read(app, logger)
    guard let start = Mocks.logStarts[logger], start <= all.utf8.count else { return all }
    return String(decoding: all.utf8.dropFirst(start), as: UTF8.self)
  }

  static func read(_ app: Egg.Application, _ logger: String) -> String {
    TestHost.running?.kernel.flushLog()
    let settings = app.config["logger"]
    let keys = [
      "logger": "appLogName", "coreLogger": "coreLogName", "agentLogger": "agentLogName",
      "errorLogger": "errorLogName",
    ]
    let stated =
      keys[logger].map { settings[$0].string } ?? app.config["customLogger"][logger].file.string
    guard let name = stated else { return "" }
    let path = name.hasPrefix("/") ? name : (settings.dir.string ?? "") + "/" + name
    return (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
  }
}
