import Glibc

/// A program that runs beside this one, with its output read line by line.
struct Child {
  /// How it ended: its exit code, or 128 and the number of the signal that ended it.
  let status: Int32
  /// It was ended because it took too long.
  let isLate: Bool

  /// The name of the signal that ended it, nil when it ended by itself.
  var signal: String? {
    guard status > 128 else { return nil }
    return switch status - 128 {
    case SIGSEGV: "SIGSEGV, a wild pointer"
    case SIGABRT: "SIGABRT, an assertion or a damaged heap"
    case SIGBUS: "SIGBUS"
    case SIGILL: "SIGILL, a trap"
    case SIGTRAP: "SIGTRAP, a trap"
    case SIGFPE: "SIGFPE, a division by zero"
    case let number: "signal \(number)"
    }
  }

  /// Runs a program found in `PATH` and waits for it.
  ///
  /// - Parameters:
  ///   - words: the program and its arguments.
  ///   - seconds: how long it may take before it is killed; nil for as long as it likes.
  ///   - started: gets its process id.
  ///   - line: gets each line of its standard output and standard error, without the line end.
  /// - Throws: `CommandFailure` when it can't be started, with the program's name.
  static func run(
    _ words: [String], seconds: Int? = nil, started: (pid_t) -> Void = { _ in },
    line: (String) -> Void
  ) throws(CommandFailure) -> Child {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else {
      throw CommandFailure("no pipe for \(words[0]): \(systemMessage(errno))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    defer { close(ends[0]) }
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 1)
    posix_spawn_file_actions_adddup2(&actions, ends[1], 2)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for argument in arguments { free(argument) } }
    var process: pid_t = 0
    let code = posix_spawnp(&process, words[0], &actions, nil, &arguments, environ)
    close(ends[1])
    guard code == 0 else {
      throw CommandFailure(
        code == ENOENT
          ? "\"\(words[0])\" is needed and is not installed" : "\(words[0]): \(systemMessage(code))"
      )
    }
    started(process)
    let isLate = !readLines(
      ends[0], until: seconds.map { Clock.nanoseconds + UInt64($0) * 1_000_000_000 }, line)
    if isLate { kill(process, SIGKILL) }
    return Child(status: wait(for: process), isLate: isLate)
  }

  /// - Returns: the exit code, or 128 and the signal.
  static func wait(for process: pid_t) -> Int32 {
    var status: Int32 = 0
    while waitpid(process, &status, 0) < 0, errno == EINTR {}
    return code(status)
  }

  static func code(_ status: Int32) -> Int32 {
    let signal = status & 0x7F
    return signal == 0 ? (status >> 8) & 0xFF : 128 + signal
  }

  /// - Returns: false when the time was over before the output was.
  private static func readLines(
    _ descriptor: Int32, until deadline: UInt64?, _ line: (String) -> Void
  ) -> Bool {
    var waiting: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16384)
    defer { if !waiting.isEmpty { line(String(decoding: waiting, as: UTF8.self)) } }
    while true {
      if let deadline {
        let now = Clock.nanoseconds
        guard now < deadline else { return false }
        var ready = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        guard poll(&ready, 1, Int32(clamping: (deadline - now) / 1_000_000 + 1)) > 0 else {
          continue
        }
      }
      let count = read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return true }
      for byte in piece[..<count] {
        if byte == UInt8(ascii: "\n") {
          line(String(decoding: waiting, as: UTF8.self))
          waiting.removeAll(keepingCapacity: true)
        } else {
          waiting.append(byte)
        }
      }
    }
  }
}

/// What the system calls an error number.
func systemMessage(_ code: Int32) -> String { String(cString: strerror(code)) }
