import Glibc

/// A program that reads text and writes text.
enum Subprocess {
  /// What it wrote within two seconds; empty when it could not be started.
  ///
  /// - Parameter input: at most what a pipe holds, 64 KiB; the rest is not sent.
  static func output(of arguments: [String], input: String) -> String {
    guard let toIt = makePipe() else { return "" }
    guard let fromIt = makePipe() else {
      close(toIt.read)
      close(toIt.write)
      return ""
    }
    defer { close(fromIt.read) }
    let child = start(arguments, reading: toIt.read, writing: fromIt.write)
    close(toIt.read)
    close(fromIt.write)
    if child != nil {
      let bytes = Array(input.utf8.prefix(65_536))
      _ = write(toIt.write, bytes, bytes.count)
    }
    close(toIt.write)
    guard let child else { return "" }
    let text = readAll(fromIt.read, milliseconds: 2_000)
    kill(child, SIGKILL)
    waitpid(child, nil, 0)
    return text
  }

  private struct Pipe {
    let read: Int32
    let write: Int32
  }

  private static func makePipe() -> Pipe? {
    var ends: [Int32] = [0, 0]
    guard pipe(&ends) == 0 else { return nil }
    for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
    return Pipe(read: ends[0], write: ends[1])
  }

  private static func start(_ arguments: [String], reading: Int32, writing: Int32) -> pid_t? {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_adddup2(&actions, reading, 0)
    posix_spawn_file_actions_adddup2(&actions, writing, 1)
    posix_spawn_file_actions_addopen(&actions, 2, "/dev/null", O_WRONLY, 0)
    var words: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
    defer { for word in words { free(word) } }
    var child = pid_t()
    guard posix_spawn(&child, arguments[0], &actions, nil, &words, environ) == 0 else { return nil }
    return child
  }

  private static func readAll(_ descriptor: Int32, milliseconds: Int) -> String {
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 16_384)
    var left = milliseconds
    while left > 0 {
      var wait = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
      // Short waits, counted, are close enough to a clock here.
      let ready = poll(&wait, 1, 50)
      if ready == 0 {
        left -= 50
        continue
      }
      let count = read(descriptor, &piece, piece.count)
      guard count > 0, bytes.count < 1 << 20 else { break }
      bytes += piece[..<count]
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
