import Glibc
import LinuxHeaders

/// Where `egg status` and `egg reload` reach the master: a socket in `run/`, for its user and root.
///
/// One line is asked, one line of JSON answered.
final class ControlServer: ReadySource {
  @available(*, unavailable)
  override init() { preconditionFailure("a control server has a master") }

  private unowned let master: Master
  private let descriptor: Int32
  private let path: String
  private var sessions: [ObjectIdentifier: ControlSession] = [:]

  /// - Returns: nil, and a line in the log, when there is no place for it.
  init?(_ master: Master) {
    guard let rundir = master.plan.config.value(at: "rundir")?.string else { return nil }
    self.master = master
    path = ClusterOptions.controlSocket(rundir: rundir, title: master.options.title)
    mkdir(rundir, 0o755)
    guard var address = UnixPath(path) else {
      master.log.warning("no egg status and egg reload: \(path) can't be reached")
      return nil
    }
    if address.answers() {
      master.log.warning(
        "another master answers at \(path), so egg status and egg reload reach that one; give --title to tell them apart"
      )
      return nil
    }
    unlink(path)
    descriptor = socket(
      AF_UNIX,
      Int32(SOCK_STREAM.rawValue) | Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    super.init()
    let before = umask(0o177)
    let isBound = address.with { bind(descriptor, $0, $1) } == 0 && listen(descriptor, 16) == 0
    umask(before)
    guard isBound, (try? master.loop.register(descriptor, [.read], self)) != nil else {
      master.log.warning(
        "no egg status and egg reload: \(path): \(String(cString: strerror(errno)))")
      Glibc.close(descriptor)
      return nil
    }
  }

  override func ready(_ events: ReadyEvents) {
    while true {
      let accepted = accept4(
        descriptor, nil, nil, Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue))
      guard accepted >= 0 else { return }
      guard sessions.count < 64, isAllowed(accepted) else {
        Glibc.close(accepted)
        continue
      }
      let session = ControlSession(master, accepted) { [unowned self] in
        sessions[ObjectIdentifier($0)] = nil
      }
      sessions[ObjectIdentifier(session)] = session
      session.start()
    }
  }

  private func isAllowed(_ accepted: Int32) -> Bool {
    // struct ucred: pid, uid, gid.
    var peer: (Int32, UInt32, UInt32) = (0, 0, 0)
    var length = socklen_t(12)
    guard getsockopt(accepted, SOL_SOCKET, SO_PEERCRED, &peer, &length) == 0 else { return false }
    return peer.1 == 0 || peer.1 == geteuid()
  }

  func close() {
    master.loop.deregister(descriptor)
    Glibc.close(descriptor)
    unlink(path)
  }
}

/// One asker.
private final class ControlSession: ReadySource {
  private unowned let master: Master
  private let descriptor: Int32
  private let ended: (ControlSession) -> Void
  private var line: [UInt8] = []
  private var isAnswered = false

  init(_ master: Master, _ descriptor: Int32, _ ended: @escaping (ControlSession) -> Void) {
    self.master = master
    self.descriptor = descriptor
    self.ended = ended
    super.init()
  }

  func start() {
    guard (try? master.loop.register(descriptor, [.read], self)) != nil else { return close() }
  }

  override func ready(_ events: ReadyEvents) {
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0, line.count < 1024 else {
      if count < 0, errno == EAGAIN { return }
      return close()
    }
    guard !isAnswered else { return }
    line += bytes[..<count]
    guard let end = line.firstIndex(of: 0x0A) else { return }
    isAnswered = true
    switch String(decoding: line[..<end], as: UTF8.self) {
    case "status": answer(master.status())
    case "reload":
      master.beginReload("egg reload") { [weak self] failure in
        self?.answer(failure.map { ["error": .string($0)] } ?? ["ok": true])
      }
    default: answer(["error": "expected status or reload"])
    }
  }

  private func answer(_ value: ConfigValue) {
    let bytes = JSONWriter.bytes(value) + [0x0A]
    // Small beside a socket's buffer; whoever doesn't read loses the rest.
    _ = send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
    close()
  }

  private func close() {
    guard !isClosed else { return }
    isClosed = true
    master.loop.deregister(descriptor)
    Glibc.close(descriptor)
    ended(self)
  }
  private var isClosed = false
}

/// The address of a Unix socket, through its folder's descriptor where the path is longer than a
/// socket address.
package struct UnixPath {
  private var address = sockaddr_un()
  private let folder: Int32

  /// - Returns: nil when the folder can't be opened.
  package init?(_ path: String) {
    address.sun_family = sa_family_t(AF_UNIX)
    var text = path
    if path.utf8.count >= MemoryLayout.size(ofValue: address.sun_path) {
      folder = open(Path.folder(of: path), O_RDONLY | O_DIRECTORY | O_CLOEXEC)
      guard folder >= 0 else { return nil }
      text = "/proc/self/fd/\(folder)/\(Path.lastComponent(of: path))"
      guard text.utf8.count < MemoryLayout.size(ofValue: address.sun_path) else { return nil }
    } else {
      folder = -1
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: text.utf8) }
  }

  package mutating func with<R>(_ body: (UnsafePointer<sockaddr>, socklen_t) -> R) -> R {
    withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        body($0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
  }

  /// Connects to whoever listens.
  ///
  /// - Returns: the connection; -1 when nobody does.
  package mutating func connected() -> Int32 {
    let descriptor = socket(
      AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard descriptor >= 0 else { return -1 }
    if with({ connect(descriptor, $0, $1) }) == 0 { return descriptor }
    Glibc.close(descriptor)
    return -1
  }

  package mutating func answers() -> Bool {
    let descriptor = connected()
    if descriptor >= 0 { Glibc.close(descriptor) }
    return descriptor >= 0
  }
}

extension Master {
  /// What `egg status` shows.
  func status() -> ConfigValue {
    let now = monotonicNanoseconds()
    func entry(
      _ role: String, _ number: Int, _ pid: Int32, _ row: BoardRow, _ state: String,
      restarts: Int = 0
    ) -> ConfigValue {
      [
        "role": .string(role), "number": .int(Int64(number)), "pid": .int(Int64(pid)),
        "state": .string(state),
        "uptime": .int(Int64(clamping: (now &- row[.started]) / 1_000_000)),
        "memory": .int(Int64(clamping: ProcessMemory.resident(pid))),
        "requests": .int(Int64(clamping: row[.requests])),
        "active": .int(Int64(clamping: row[.active])),
        "connections": .int(Int64(clamping: row[.connections])),
        "restarts": .int(Int64(restarts)),
      ]
    }
    var processes = [entry("master", 0, getpid(), board.row(0), isClosing ? "closing" : "ready")]
    for child in children.sorted(by: {
      ($0.role == .agent ? 0 : 1, $0.number) < ($1.role == .agent ? 0 : 1, $1.number)
    }) {
      processes.append(
        entry(
          child.role.rawValue, child.number, child.pid, board.row(child.rowIndex),
          "\(child.state)", restarts: restartCounts[child.number] ?? 0))
    }
    return [
      "name": .string(plan.info.name), "title": .string(options.title),
      "env": .string(plan.info.env), "baseDir": .string(plan.info.baseDir),
      "addresses": .array(sockets.map { .string($0.description) }),
      "restarts": .int(Int64(clamping: board.row(0)[number: Board.restarts])),
      "reloads": .int(Int64(clamping: board.row(0)[number: Board.reloads])),
      "requests": .int(
        Int64(clamping: board.others.reduce(board.row(0)[.requests]) { $0 &+ $1[.requests] })),
      "processes": .array(processes),
    ]
  }
}

/// Memory as the system counts it.
enum ProcessMemory {
  /// Bytes of a process that are in memory; 0 when it is gone.
  static func resident(_ pid: Int32) -> Int {
    let descriptor = open("/proc/\(pid)/statm", O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return 0 }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 128)
    let count = read(descriptor, &bytes, bytes.count)
    guard count > 0 else { return 0 }
    let fields = String(decoding: bytes[..<count], as: UTF8.self).split(separator: " ")
    return fields.count > 1 ? (Int(fields[1]) ?? 0) * Int(sysconf(Int32(_SC_PAGESIZE))) : 0
  }
}
