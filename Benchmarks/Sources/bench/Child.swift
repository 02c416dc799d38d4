import Foundation

/// A process that `bench` started.
struct Child {
  let id: pid_t
  /// Reads what it writes to standard output, when that was asked for.
  let output: FileHandle?
  /// Its standard input; closing it is how the load generator is told to stop holding.
  let input: FileHandle?

  /// Starts a command.
  /// - Parameters:
  ///   - command: the executable's path and its arguments.
  ///   - log: the file that gets what it writes to standard error, and standard output if not piped.
  ///   - piped: whether `input` and `output` are pipes rather than nothing and the log.
  /// - Throws: when the process cannot be made.
  init(_ command: [String], log: String, piped: Bool = false) throws {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 2, log, O_WRONLY | O_CREAT | O_APPEND, 0o644)
    var ends: [Int32] = []
    if piped {
      let down = try Self.pipe()
      let up = try Self.pipe()
      ends = [down[0], up[1]]
      posix_spawn_file_actions_adddup2(&actions, down[0], 0)
      posix_spawn_file_actions_adddup2(&actions, up[1], 1)
      input = FileHandle(fileDescriptor: down[1], closeOnDealloc: true)
      output = FileHandle(fileDescriptor: up[0], closeOnDealloc: true)
    } else {
      posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
      posix_spawn_file_actions_adddup2(&actions, 2, 1)
      input = nil
      output = nil
    }

    // The signals that end us are blocked or ignored here; a child must get them, and not with our
    // terminal.
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    var ignored = sigset_t()
    sigemptyset(&ignored)
    sigaddset(&ignored, SIGPIPE)
    posix_spawnattr_setsigdefault(&attributes, &ignored)
    posix_spawnattr_setpgroup(&attributes, 0)
    posix_spawnattr_setflags(
      &attributes,
      Int16(
        POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF | POSIX_SPAWN_SETPGROUP))

    var arguments = command.map { strdup($0) }
    arguments.append(nil)
    defer { for argument in arguments { free(argument) } }
    var id = pid_t()
    let error = posix_spawn(&id, command[0], &actions, &attributes, arguments, environ)
    for end in ends { close(end) }
    guard error == 0 else {
      throw BenchError("cannot start \(command[0]): \(String(cString: strerror(error)))")
    }
    self.id = id
  }

  /// Waits for its end; answers its exit status, or 128 + the signal that ended it.
  func wait() -> Int32 {
    var status: Int32 = 0
    while waitpid(id, &status, 0) < 0 {
      if errno != EINTR { return -1 }
    }
    return status & 0x7f == 0 ? (status >> 8) & 0xff : 128 + (status & 0x7f)
  }

  /// A pipe's reading and writing end; neither is inherited.
  private static func pipe() throws -> [Int32] {
    var ends: [Int32] = [0, 0]
    guard Glibc.pipe(&ends) == 0 else {
      throw BenchError("no pipe: \(String(cString: strerror(errno)))")
    }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return ends
  }
}
