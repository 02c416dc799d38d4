import Egg
import EggSQL
import Glibc
import MySQLEngine

/// The application's loop for the engine.
final class AppLoop: MySQLLoop {
  // The application outlives everything that it runs.
  private unowned let app: ApplicationBase

  private let loop: Loop

  init(_ app: ApplicationBase) {
    self.app = app
    loop = app.loop
  }

  nonisolated deinit {}

  var nowNanoseconds: UInt64 { loop.nowNanoseconds }

  func watch(
    _ descriptor: Int32, _ events: MySQLEvents, _ ready: @escaping @MainActor (MySQLEvents) -> Void
  ) throws -> any MySQLWatch {
    try AppWatch(
      loop.watch(descriptor, Watch.Events(rawValue: events.rawValue)) {
        ready(MySQLEvents(rawValue: $0.rawValue))
      })
  }

  func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> any MySQLTimer
  {
    try AppTimer(loop.timer(after: .milliseconds(milliseconds), fire))
  }

  /// - Throws: `SQLError` with the code `ENOTFOUND`.
  func resolve(_ host: String) async throws -> String {
    if host.utf8.allSatisfy({ ($0 >= 0x30 && $0 <= 0x39) || $0 == UInt8(ascii: ".") })
      || host.utf8.contains(UInt8(ascii: ":"))
    {
      return host
    }
    return try await app.runBlocking { try Self.address(of: host) }
  }

  private nonisolated static func address(of host: String) throws -> String {
    var hints = addrinfo()
    hints.ai_family = AF_UNSPEC
    hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
    var list: UnsafeMutablePointer<addrinfo>?
    let status = getaddrinfo(host, nil, &hints, &list)
    defer { if let list { freeaddrinfo(list) } }
    var name = [CChar](repeating: 0, count: Int(NI_MAXHOST))
    // Version 4 first: a server that listens on 127.0.0.1 only is the usual one.
    var best = list
    var next = list
    while let one = next {
      if one.pointee.ai_family == AF_INET {
        best = one
        break
      }
      next = one.pointee.ai_next
    }
    guard status == 0, let found = best?.pointee,
      getnameinfo(
        found.ai_addr, found.ai_addrlen, &name, socklen_t(name.count), nil, 0, NI_NUMERICHOST) == 0
    else {
      throw SQLError(
        code: "ENOTFOUND", "\(host): \(String(cString: gai_strerror(status)))", isFatal: true)
    }
    let bytes = name.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }
    return String(decoding: bytes, as: UTF8.self)
  }
}

private final class AppWatch: MySQLWatch {
  private let watch: Watch
  init(_ watch: Watch) { self.watch = watch }
  nonisolated deinit {}
  func change(_ events: MySQLEvents) { watch.change(Watch.Events(rawValue: events.rawValue)) }
  func end() { watch.end() }
}

private final class AppTimer: MySQLTimer {
  private let timer: LoopTimer
  init(_ timer: LoopTimer) { self.timer = timer }
  nonisolated deinit {}
  func cancel() { timer.cancel() }
}
