import Foundation
import Testing

@testable import LogRotation

@Suite("Rotation of files") final class RotationTests {
  private let folder: String

  init() throws {
    folder =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-rotation-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: folder) }

  private func write(_ text: String, _ name: String) throws {
    try text.write(toFile: "\(folder)/\(name)", atomically: true, encoding: .utf8)
  }
  private func text(_ name: String) -> String? {
    try? String(contentsOfFile: "\(folder)/\(name)", encoding: .utf8)
  }
  private var names: [String] {
    ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? []).sorted()
  }

  @Test func `a day's file gets its date, one that is not there is no problem`() throws {
    try write("one", "a.log")
    let outcome = Rotation.rename(["\(folder)/a.log", "\(folder)/none.log"], to: ".2026-05-01")
    #expect(outcome.renamed == ["\(folder)/a.log.2026-05-01"])
    #expect(outcome.problems.isEmpty)
    #expect(names == ["a.log.2026-05-01"])
  }

  @Test func `what was rotated is never overwritten`() throws {
    try write("old", "a.log.2026-05-01")
    try write("new", "a.log")
    let outcome = Rotation.rename(["\(folder)/a.log"], to: ".2026-05-01")
    #expect(outcome.renamed.isEmpty)
    #expect(outcome.problems.count == 1)
    #expect(text("a.log") == "new")
    #expect(text("a.log.2026-05-01") == "old")
  }

  @Test func `by size the numbers go up and the last one goes`() throws {
    let files = ["\(folder)/a.log"]
    for round in 1...5 {
      try write("round \(round)", "a.log")
      #expect(Rotation.shift(files, above: 3, keeping: 3).problems.isEmpty)
    }
    #expect(names == ["a.log.1", "a.log.2", "a.log.3"])
    #expect(text("a.log.1") == "round 5")
    #expect(text("a.log.3") == "round 3")
    try write("abc", "a.log")
    #expect(Rotation.shift(files, above: 3, keeping: 3).renamed.isEmpty)
    #expect(text("a.log") == "abc")
  }

  @Test func `compressed ones move with the others`() throws {
    try write("z", "a.log.1.gz")
    try write("long enough", "a.log")
    _ = Rotation.shift(["\(folder)/a.log"], above: 3, keeping: 3)
    #expect(names == ["a.log.1", "a.log.2.gz"])
  }

  @Test func `only old files of the log's own go`() throws {
    // 2026-05-10 12:00 UTC; three days before is the 7th.
    let now = 1_778_414_400
    let kept = [
      "a.log", "a.log.2026-05-07", "a.log.2026-05-09-23", "a.log.1", "b.log.2020-01-01",
      "a.log.2020-01-012", "a.log.notes", "xa.log.2020-01-01",
    ]
    let old = ["a.log.2026-05-06", "a.log.2026-05-06-23.gz", "a.log.2020-01-01.gz"]
    for name in kept + old { try write("x", name) }
    try FileManager.default.createDirectory(
      atPath: "\(folder)/a.log.2019-01-01", withIntermediateDirectories: false)
    let outcome = Rotation.clean(["\(folder)/a.log"], olderThan: 3, now: now)
    #expect(Set(outcome.removed) == Set(old.map { "\(folder)/\($0)" }))
    #expect(outcome.problems.count == 1)
    #expect(Set(names) == Set(kept + ["a.log.2019-01-01"]))
  }

  @Test func `dates of the day and the hour before`() throws {
    setenv("TZ", "Europe/Berlin", 1)
    tzset()
    defer {
      unsetenv("TZ")
      tzset()
    }
    // 2026-03-30 00:00:01 in Berlin; the 29th had 23 hours.
    #expect(PastTime.yesterday(1_774_821_601) == "2026-03-29")
    // 2026-03-01 00:01 in Berlin.
    #expect(PastTime.lastHour("-", 1_772_319_660) == "2026-02-28-23")
    #expect(PastTime.day(31, before: 1_774_821_601) == "2026-02-27")
  }

  @Test func `a compressed file has every byte, and takes the place of the other`() throws {
    let content = (0..<50_000).map { "line \($0)" }.joined(separator: "\n")
    try write(content, "a.log.1")
    #expect(Gzip.replace("\(folder)/a.log.1") == nil)
    #expect(names == ["a.log.1.gz"])
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/bin/gzip")
    process.arguments = ["-dc", "\(folder)/a.log.1.gz"]
    let output = Pipe()
    process.standardOutput = output
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    #expect(process.terminationStatus == 0)
    #expect(String(decoding: data, as: UTF8.self) == content)
  }

  @Test func `nothing to compress is told`() throws {
    #expect(Gzip.replace("\(folder)/none")?.contains("No such file") == true)
    #expect(names.isEmpty)
  }
}
