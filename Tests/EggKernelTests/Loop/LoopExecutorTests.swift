import Foundation
import Testing

/// Runs LoopProbe, because a test process has its own main executor.
@Suite("Swift concurrency on the loop") struct LoopExecutorTests {
  @Test func `tasks, actors, sleeps, dispatch and foreign threads all arrive on the loop`() throws {
    let answer = try runProbe([])
    #expect(answer.status == 0)
    #expect(answer.lines.filter { !$0.hasPrefix("ok ") } == [])
    let expected = [
      "assumeIsolated before run", "assumeIsolated in a timer", "posts keep their order",
      "immediate runs before it returns", "immediate resumes on the loop", "Task", "detached",
      "detached to the main actor", "nonisolated function", "concurrent function", "actor",
      "async let", "task group", "actor state", "AsyncStream", "sleep is not shorter than asked",
      "sleep", "sleep until", "sleep on the suspending clock", "sleep in nanoseconds",
      "sleep of a detached task", "sleep can be cancelled", "sleeps end in order",
      "continuation from another thread", "post from another thread",
      "80000 posts of four threads", "Task made on another thread",
      "sleep begun on another thread", "DispatchQueue.main",
      "DispatchQueue.main from another thread", "DispatchQueue.main after a delay",
      "DispatchQueue.main a hundred times", "signal", "signals that arrive together count once",
      "SIGKILL is refused", "SIGPIPE does not end the process", "blocking pool",
      "blocking pool throws on", "runUntil ends with its condition", "nothing ran elsewhere",
    ]
    #expect(expected.filter { !answer.lines.contains("ok \($0)") } == [])
  }

  @Test func `tasks of a library opened later run on the loop as well`() throws {
    let library = productDirectory.appendingPathComponent("libLoopProbeLibrary.so").path
    try #require(FileManager.default.fileExists(atPath: library), "build product LoopProbeLibrary")
    let answer = try runProbe([library])
    #expect(answer.status == 0)
    let expected = [
      "immediate", "actor", "main actor", "detached", "concurrent", "async let", "task group",
      "sleep",
    ]
    #expect(expected.filter { !answer.lines.contains("ok library \($0)") } == [])
  }

  private func runProbe(_ arguments: [String]) throws -> (status: Int32, lines: [String]) {
    let process = Process()
    process.executableURL = productDirectory.appendingPathComponent("LoopProbe")
    process.arguments = arguments
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    let text = String(decoding: data, as: UTF8.self)
    return (process.terminationStatus, text.split(separator: "\n").map(String.init))
  }

  /// Where the test bundle lies, and beside it what was built with it.
  private var productDirectory: URL {
    let program = URL(fileURLWithPath: CommandLine.arguments[0]).deletingLastPathComponent()
    let probe = program.appendingPathComponent("LoopProbe").path
    if FileManager.default.isExecutableFile(atPath: probe) { return program }
    return Bundle.main.bundleURL
  }
}
