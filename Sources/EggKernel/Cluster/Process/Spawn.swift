import Glibc

/// Starting this program again for another role.
enum Spawn {
  /// Descriptors that are handed on lie above those numbers that they get in the child, so that no
  /// move overwrites one that is still needed.
  static let firstHandedOn: Int32 = 64

  /// The same open file under a number that `start` may be given.
  static func lifted(_ descriptor: Int32) -> Int32 {
    let copy = fcntl(descriptor, F_DUPFD_CLOEXEC, firstHandedOn)
    guard copy >= 0 else { return descriptor }
    close(descriptor)
    return copy
  }

  /// - Parameters:
  ///   - words: the arguments, the program's own name first.
  ///   - descriptors: pairs of an open descriptor and its number in the child.
  ///   - variables: added to the environment.
  ///   - isDetached: it gets a session of its own.
  /// - Throws: `.lifecycle` with the reason.
  static func start(
    _ program: String, _ words: [String], descriptors: [(from: Int32, to: Int32)],
    variables: [String: String], isDetached: Bool = false
  ) throws(BootError) -> pid_t {
    var actions = posix_spawn_file_actions_t()
    posix_spawn_file_actions_init(&actions)
    defer { posix_spawn_file_actions_destroy(&actions) }
    posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0)
    for (from, to) in descriptors { posix_spawn_file_actions_adddup2(&actions, from, to) }
    var attributes = posix_spawnattr_t()
    posix_spawnattr_init(&attributes)
    defer { posix_spawnattr_destroy(&attributes) }
    var none = sigset_t()
    sigemptyset(&none)
    posix_spawnattr_setsigmask(&attributes, &none)
    // 0x80 is POSIX_SPAWN_SETSID, which glibc shows under _GNU_SOURCE alone.
    posix_spawnattr_setflags(
      &attributes, Int16(POSIX_SPAWN_SETSIGMASK) | (isDetached ? 0x80 : 0))
    var environment: [UnsafeMutablePointer<CChar>?] = []
    var place = environ
    while let entry = place.pointee {
      let name = String(cString: entry).prefix { $0 != "=" }
      if variables[String(name)] == nil { environment.append(strdup(entry)) }
      place += 1
    }
    for (name, value) in variables { environment.append(strdup("\(name)=\(value)")) }
    environment.append(nil)
    var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
    defer { for text in arguments + environment { free(text) } }
    var process: pid_t = 0
    let code = posix_spawn(&process, program, &actions, &attributes, &arguments, &environment)
    guard code == 0 else {
      throw BootError(
        .lifecycle, unit: "egg", "can't start \(program): \(String(cString: strerror(code)))")
    }
    return process
  }
}
