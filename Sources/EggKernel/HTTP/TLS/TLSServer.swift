import COpenSSL
import Glibc

/// What a worker that serves HTTPS has beside the others: libssl, the certificates, the tickets.
final class TLSServer {
  let library: UnsafePointer<egg_libssl>
  let settings: TLSSettings
  private(set) var certificates: TLSCertificates
  /// How libssl reads and writes sockets.
  let socketMethod: OpaquePointer
  /// Where small pieces are put together to one record. Shared by all connections: what is written is
  /// sealed before anything else happens.
  let record: UnsafeMutableBufferPointer<UInt8>
  private let tickets: TLSTickets
  private var states: [FileState]

  /// The most that one record carries (RFC 8446, section 5.1).
  static let recordLimit = 16 * 1024

  /// - Parameter secret: of the application; nil when this process is the whole of it.
  /// - Throws: `.config` for files that can't be used, `.lifecycle` without libssl.
  init(_ settings: TLSSettings, secret: TicketSecret?) throws(BootError) {
    library = try LibSSL.open()
    self.settings = settings
    tickets = TLSTickets(secret)
    states = settings.files.map(FileState.init)
    certificates = try TLSCertificates(settings, library, tickets: tickets)
    socketMethod = TLSStream.makeSocketMethod()
    record = .allocate(capacity: TLSServer.recordLimit)
  }

  enum Change {
    case none
    case renewed
    /// The certificates of before are used on.
    case refused(BootError)
  }

  /// Reads the files again if one of them is another one than at the last reading.
  func renewIfChanged() -> Change {
    settings.files.map(FileState.init) == states ? .none : renew()
  }

  /// Reads the files again, for connections from now on.
  func renew() -> Change {
    // Before the reading: what changes meanwhile is noticed at the next look.
    states = settings.files.map(FileState.init)
    do throws(BootError) {
      certificates = try TLSCertificates(settings, library, tickets: tickets)
      return .renewed
    } catch {
      return .refused(error)
    }
  }

  /// What tells one state of a file from another, links followed.
  private struct FileState: Equatable {
    private var device: dev_t = 0
    private var number: ino_t = 0
    private var size: off_t = -1
    private var changed: [Int] = []

    init(_ path: String) {
      var status = stat()
      guard stat(path, &status) == 0 else { return }
      device = status.st_dev
      number = status.st_ino
      size = status.st_size
      changed = [
        status.st_mtim.tv_sec, status.st_mtim.tv_nsec, status.st_ctim.tv_sec,
        status.st_ctim.tv_nsec,
      ]
    }
  }
}

extension TLSSettings {
  /// Looks whether the files can be used: what `egg start` does before it starts a process.
  ///
  /// - Throws: `.config` naming the key and its place, `.lifecycle` without libssl.
  package func check() throws(BootError) {
    _ = try TLSCertificates(self, try LibSSL.open(), tickets: nil)
  }
}

extension LoadPlan {
  /// The command line's `--https-…` count more than the configuration.
  ///
  /// - Parameter https: what `cluster.https` may be; nil changes nothing.
  package mutating func use(https: ConfigValue?) throws(BootError) {
    guard let https else { return }
    try config.set(
      "cluster.https", https, origin: .code("command line", unit: "app", kind: .application))
  }
}

extension Application {
  /// Whether it serves HTTPS; known once it is loaded.
  package var isSecure: Bool { worker.tls != nil }

  /// Reads the certificates again, for connections from now on.
  package func renewCertificates() { worker.renewCertificates() }
}

extension Worker {
  /// HTTPS, if the configuration has it. Of a process that accepts connections.
  func configureTLS() throws(BootError) {
    guard let settings = try TLSSettings(config, baseDir: info.baseDir) else { return }
    let server = try TLSServer(settings, secret: ticketSecret)
    tls = server
    for notice in server.certificates.notices { log.warning(notice) }
    guard settings.checkInterval > 0 else { return }
    _ = loop.schedule(every: settings.checkInterval) { [self] in tell(server.renewIfChanged()) }
  }

  /// Reads the certificates again, whether or not their files look changed.
  func renewCertificates() {
    guard let tls else { return }
    tell(tls.renew())
  }

  private func tell(_ change: TLSServer.Change) {
    switch change {
    case .none: break
    case .renewed:
      log.info("cluster.https: the certificates were read again")
      for notice in tls?.certificates.notices ?? [] { log.warning(notice) }
    case .refused(let error):
      log.error("the certificates of before are used on: \(error)")
    }
  }
}
