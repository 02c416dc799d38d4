import Foundation
import Testing

@Suite("What the log does not lose") struct LossTests {
  @Test(arguments: ["trap", "abort", "memory", "exit"])
  func `a crash keeps the lines of the turn that it happened in`(how: String) throws {
    let server = try LogServer()
    try server.get("/many/100")
    try server.get("/crash/\(how)")
    server.end(by: nil)
    let web = server.file("logs-probe-web.log")
    #expect(web.lines(with: " of 100").count == 100)
    #expect(web.hasSuffix("the last words\n"))
  }

  @Test func `SIGKILL keeps the lines of all turns before`() throws {
    let server = try LogServer()
    #expect(try server.get("/many/1000") == "done")
    // One turn may take several connections, each with its request; this is long enough to end it.
    usleep(200_000)
    try server.get("/crash/kill")
    server.end(by: nil)
    #expect(server.file("logs-probe-web.log").lines(with: " of 1000").count == 1000)
  }

  @Test(arguments: [true, false])
  func `a renamed file is followed after SIGUSR1 and app.loggers.reload`(bySignal: Bool) throws {
    let server = try LogServer()
    try server.get("/many/10")
    let logs = server.folder.appendingPathComponent("logs")
    let file = logs.appendingPathComponent("logs-probe-web.log")
    let moved = logs.appendingPathComponent("logs-probe-web.log.1")
    try FileManager.default.moveItem(at: file, to: moved)
    // Until somebody says so, lines go where the file went: none is lost.
    try server.get("/many/20")
    if bySignal { server.signal(SIGUSR1) } else { try server.get("/reload") }
    try server.wait("the new file") { FileManager.default.fileExists(atPath: file.path) }
    try server.get("/many/30")
    server.end()
    #expect(server.file(moved.path).lines(with: "number ").count == 30)
    #expect(server.file(file.path).lines(with: "number ").count == 30)
  }

  @Test func `a full disk stops nobody, is told once, and lines come back`() throws {
    let disk = try SmallDisk(kilobytes: 64)
    let server = try LogServer(
      #"{"logger": {"dir": "\#(disk.path)", "consoleLevel": "NONE", "coreLogger": {"consoleLevel": "INFO"}}}"#
    )
    // About 60 bytes a line: several times what fits on the disk.
    for _ in 0..<5 { #expect(try server.get("/many/1000") == "done") }
    #expect(try server.get("/many/1") == "done")
    let path = "\(disk.path)/logs-probe-web.log"
    // Room again: an operator removes what is in the way.
    try disk.enlarge(kilobytes: 4096)
    try server.wait("the kept lines") {
      try server.get("/many/1")
      return server.file(path).lines(with: " of 1000").count == 5000
    }
    let console = server.end()
    #expect(console.lines(with: "No space left on device").count == 1, "\(console)")
    #expect(console.lines(with: "is written again").count == 1)
    // Whole lines in order, nothing twice.
    let numbers = server.file(path).lines(with: " of 1000").map { line in
      Int(line.split(separator: " ").dropLast(2).last ?? "") ?? -1
    }
    #expect(numbers == (0..<5).flatMap { _ in 0..<1000 })
  }

  @Test func `a folder that cannot be made is told once and stops nobody`() throws {
    let server = try LogServer(#"{"logger": {"dir": "/proc/none/logs"}}"#)
    for _ in 0..<3 { #expect(try server.get("/many/3") == "done") }
    let console = server.end()
    #expect(console.lines(with: "/proc/none/logs/logs-probe-web.log cannot be written").count == 1)
    #expect(console.lines(with: "number ").count == 9)
  }

  @Test func `a terminal gets colours, a file does not`() throws {
    // `script` gives the command a terminal.
    let scratch = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-log-\(UUID().uuidString)")
    defer { try? FileManager.default.removeItem(at: scratch) }
    try FileManager.default.copyItem(
      at: LogServer.root.appendingPathComponent("Tests/Probes/LogsProbe"), to: scratch)
    try #"{"logger": {"level": "LOUD"}}"#.write(
      to: scratch.appendingPathComponent("config/config.prod.json"), atomically: true,
      encoding: .utf8)
    let egg = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("egg").path
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/script")
    process.arguments = [
      "-qefc", "timeout -s TERM 2 '\(egg)' start '\(scratch.path)' --single --port 0 --env prod",
      "/dev/null",
    ]
    let output = Pipe()
    process.standardOutput = output
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let text = String(decoding: output.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
    process.waitUntilExit()
    #expect(text.contains("\u{1B}[32mINFO") || text.contains("\u{1B}[32m20"), "\(text)")
    #expect(text.contains("\u{1B}[33m"))
    let file = try String(
      contentsOf: scratch.appendingPathComponent("logs/egg-web.log"), encoding: .utf8)
    #expect(!file.contains("\u{1B}"))
  }
}

/// A file system in memory that is soon full. Needs root, as a container's builder is.
final class SmallDisk {
  let path: String

  init(kilobytes: Int) throws {
    path =
      FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-disk-\(UUID().uuidString)").path
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else {
      throw Failure(
        "mount tmpfs: \(String(cString: strerror(errno))); this test needs root (CAP_SYS_ADMIN)")
    }
  }

  func enlarge(kilobytes: Int) throws {
    guard mount("tmpfs", path, "tmpfs", UInt(MS_REMOUNT), "size=\(kilobytes)k") == 0 else {
      throw Failure("remount: \(String(cString: strerror(errno)))")
    }
  }

  deinit {
    umount2(path, Int32(MNT_DETACH))
    try? FileManager.default.removeItem(atPath: path)
  }
}
