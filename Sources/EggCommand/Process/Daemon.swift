import EggKernel
import Glibc

/// `egg start --daemon`: the same command once more in a session of its own, with its output in
/// files; this process waits until it is ready.
///
/// Differs from Egg: success is what the master says, and not an empty standard error.
struct Daemon {
  private let home: String
  private let arguments: Arguments
  private static let variable = "EGG_READY_DESCRIPTOR"

  /// Where the waiting process listens; -1 when nobody waits.
  static let readyDescriptor: Int32 = {
    guard let text = getenv(variable).map({ String(cString: $0) }), let number = Int32(text) else {
      return -1
    }
    unsetenv(variable)
    _ = fcntl(number, F_SETFD, FD_CLOEXEC)
    // Whatever else the shell or manager left open would stay open as long as the daemon lives.
    for descriptor in (number + 1)..<1024 { close(descriptor) }
    return number
  }()

  init(_ plan: LoadPlan, _ arguments: Arguments) {
    home = plan.info.home
    self.arguments = arguments
  }

  /// Returns when it is ready.
  ///
  /// - Throws: `CommandFailure` with what it said when it ended instead.
  func start() throws {
    let timeout = try arguments.number("timeout", in: 1...86_400) ?? 300
    let output = try open(arguments.text("stdout") ?? home + "/logs/master-stdout.log")
    let errors = try open(arguments.text("stderr") ?? home + "/logs/master-stderr.log")
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { throw CommandFailure("no pipe: \(systemMessage(errno))") }
    _ = fcntl(ends[0], F_SETFD, FD_CLOEXEC)
    let words = CommandLine.arguments.filter { $0 != "--daemon" }
    let pid = try Installation.startAgain(
      words, output: output.descriptor, errors: errors.descriptor, ready: ends[1],
      variable: Self.variable)
    close(ends[1])
    var ready = pollfd(fd: ends[0], events: Int16(POLLIN), revents: 0)
    let deadline = Clock.nanoseconds + UInt64(timeout) * 1_000_000_000
    var isReady = false
    while Clock.nanoseconds < deadline {
      let left = Int32(clamping: (deadline - Clock.nanoseconds) / 1_000_000 + 1)
      let count = poll(&ready, 1, left)
      if count < 0, errno == EINTR { continue }
      var byte: UInt8 = 0
      isReady = count > 0 && read(ends[0], &byte, 1) == 1
      break
    }
    guard isReady else {
      let isLate = kill(pid, 0) == 0 && waitpid(pid, nil, WNOHANG) == 0
      if isLate { kill(pid, SIGTERM) }
      let said = [errors.path, output.path].map(Self.tail).first { !$0.isEmpty } ?? ""
      throw CommandFailure(
        (isLate ? "not ready after \(timeout) s" : "the start failed")
          + "; \(errors.path) ends with:\n\(said)")
    }
    Terminal.print("started in the background: process \(pid), log \(output.path)")
  }

  /// What was there before is kept under a name with the time.
  private func open(_ path: String) throws(CommandFailure) -> (path: String, descriptor: Int32) {
    let folder = Path.folder(of: path)
    mkdir(Path.folder(of: folder), 0o755)
    mkdir(folder, 0o755)
    if FileReader.kind(of: path) == .file {
      var now = time(nil)
      var parts = tm()
      localtime_r(&now, &parts)
      var stamp = [CChar](repeating: 0, count: 32)
      strftime(&stamp, stamp.count, "%Y%m%d.%H%M%S", &parts)
      let text = String(
        decoding: stamp.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
      rename(path, "\(path).\(text)")
    }
    let descriptor = Glibc.open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o640)
    guard descriptor >= 0 else {
      throw CommandFailure("\(path) can't be written: \(systemMessage(errno))")
    }
    return (path, descriptor)
  }

  private static func tail(_ path: String) -> String {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    let end = lseek(descriptor, 0, SEEK_END)
    lseek(descriptor, max(0, end - 16_384), SEEK_SET)
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return "" }
    return String(decoding: bytes[..<count], as: UTF8.self)
      .split(separator: "\n").suffix(100).joined(separator: "\n")
  }
}

extension Installation {
  /// This program again, detached.
  fileprivate static func startAgain(
    _ words: [String], output: Int32, errors: Int32, ready: Int32, variable: String
  ) throws(CommandFailure) -> pid_t {
    do throws(BootError) {
      return try DetachedProcess.start(
        Installation().executable, ["egg"] + words.dropFirst(), output: output, errors: errors,
        ready: ready, variable: variable)
    } catch {
      throw CommandFailure(error.message)
    }
  }
}
