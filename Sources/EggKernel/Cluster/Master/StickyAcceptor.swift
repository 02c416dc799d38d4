import Glibc
import LinuxHeaders

/// Accepts in the master and passes each connection to the worker that its client always gets.
///
/// The worker is the one whose number, hashed together with the client's address, gives the largest
/// value, so that a client keeps its worker when others come and go, and when its own is replaced.
///
/// Differs from Egg: the digits of the address modulo the number of workers; behind a proxy every
/// client came from one address there.
final class StickyAcceptor: ReadySource {
  @available(*, unavailable)
  override init() { preconditionFailure("an acceptor has a master") }

  private unowned let master: Master
  private let listening: ListeningSocket
  /// The header that names the client, lowercase; empty when the address of the connection counts.
  fileprivate let header: [UInt8]
  fileprivate let hopLimit: Int
  private var waiting: [ObjectIdentifier: PeekedConnection] = [:]
  private var isClosed = false

  init(_ master: Master, _ listening: ListeningSocket) {
    self.master = master
    self.listening = listening
    let config = master.plan.config
    // What is encrypted shows no header here: the address of the connection counts.
    let isBehindProxy = config.value(at: "proxy")?.bool ?? false && !master.isSecure
    let names = config.value(at: "ipHeaders")?.string ?? "x-forwarded-for"
    let first = names.split(separator: ",").first.map { $0.filter { $0 != " " } } ?? ""
    header = isBehindProxy ? Array(first.lowercased().utf8) : []
    hopLimit = Int(config.value(at: "maxIpsCount")?.int ?? 0)
    super.init()
    _ = try? master.loop.register(listening.descriptor, [.read], self)
  }

  override func ready(_ events: ReadyEvents) {
    for _ in 0..<64 {
      var storage = sockaddr_storage()
      var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
      let accepted = withUnsafeMutablePointer(to: &storage) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          accept4(
            listening.descriptor, $0, &length,
            Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue))
        }
      }
      guard accepted >= 0 else {
        if errno == EINTR || errno == ECONNABORTED { continue }
        if errno == EMFILE || errno == ENFILE { rest() }
        return
      }
      let address = StickyAcceptor.addressBytes(storage)
      if header.isEmpty {
        pass(accepted, key: address)
      } else {
        let peeked = PeekedConnection(self, accepted, address)
        waiting[ObjectIdentifier(peeked)] = peeked
        guard (try? master.loop.register(accepted, [.read, .readClosed, .edge], peeked)) != nil
        else {
          Glibc.close(accepted)
          waiting[ObjectIdentifier(peeked)] = nil
          continue
        }
        // What a client says first decides; one that says nothing goes by its own address.
        master.loop.deadlines.arm(peeked, in: 5_000)
      }
    }
  }

  /// Out of descriptors: a breath, as the workers' own listener takes.
  private func rest() {
    master.loop.deregister(listening.descriptor)
    _ = master.loop.schedule(after: 100) { [self] in
      guard !isClosed else { return }
      _ = try? master.loop.register(listening.descriptor, [.read], self)
    }
  }

  func close() {
    isClosed = true
    master.loop.deregister(listening.descriptor)
    for peeked in waiting.values { peeked.drop(master.loop) }
    waiting = [:]
  }

  fileprivate func decided(_ peeked: PeekedConnection, key: [UInt8]) {
    waiting[ObjectIdentifier(peeked)] = nil
    master.loop.deadlines.remove(peeked)
    master.loop.deregister(peeked.descriptor)
    pass(peeked.descriptor, key: key)
  }

  private func pass(_ connection: Int32, key: [UInt8]) {
    defer { Glibc.close(connection) }
    // Sorted by weight, so that a full or dying worker's clients go to their second choice.
    let candidates = master.serving.sorted {
      StickyAcceptor.weight(key, $0.number) > StickyAcceptor.weight(key, $1.number)
    }
    for worker in candidates where PassedConnection.send(connection, to: worker.passing) { return }
  }

  /// The address without the port.
  private static func addressBytes(_ storage: sockaddr_storage) -> [UInt8] {
    withUnsafeBytes(of: storage) { bytes in
      switch Int32(storage.ss_family) {
      case AF_INET: Array(bytes[4..<8])
      case AF_INET6: Array(bytes[8..<24])
      default: []
      }
    }
  }

  /// FNV-1a, and the finish of SplitMix64 so that neighbouring addresses end far apart.
  static func weight(_ key: [UInt8], _ number: Int) -> UInt64 {
    var hash: UInt64 = 0xCBF2_9CE4_8422_2325
    for byte in key { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01B3 }
    hash = hash &+ UInt64(number) &* 0x9E37_79B9_7F4A_7C15
    hash = (hash ^ (hash >> 30)) &* 0xBF58_476D_1CE4_E5B9
    hash = (hash ^ (hash >> 27)) &* 0x94D0_49BB_1331_11EB
    return hash ^ (hash >> 31)
  }
}

/// A connection whose first request's head is looked at before it is passed on; nothing is read.
private final class PeekedConnection: ReadySource {
  let descriptor: Int32
  private unowned let acceptor: StickyAcceptor
  private let address: [UInt8]
  private static let limit = 16 * 1024

  init(_ acceptor: StickyAcceptor, _ descriptor: Int32, _ address: [UInt8]) {
    self.acceptor = acceptor
    self.descriptor = descriptor
    self.address = address
    super.init()
  }

  override func ready(_ events: ReadyEvents) {
    var bytes = [UInt8](repeating: 0, count: PeekedConnection.limit)
    let count = recv(descriptor, &bytes, bytes.count, Int32(MSG_PEEK | MSG_DONTWAIT))
    if count < 0, errno == EAGAIN || errno == EINTR { return }
    guard count > 0 else { return acceptor.decided(self, key: address) }
    let head = bytes[..<count]
    if let client = clientAddress(head) {
      acceptor.decided(self, key: client)
    } else if PeekedConnection.isComplete(head) || count == PeekedConnection.limit
      || events.contains(.readClosed)
    {
      acceptor.decided(self, key: address)
    }
  }

  override func deadlinePassed() { acceptor.decided(self, key: address) }

  func drop(_ loop: EventLoop) {
    loop.deadlines.remove(self)
    loop.deregister(descriptor)
    Glibc.close(descriptor)
  }

  private static func isComplete(_ head: ArraySlice<UInt8>) -> Bool {
    var previous: UInt8 = 0
    for byte in head where byte != 0x0D {
      if byte == 0x0A, previous == 0x0A { return true }
      previous = byte
    }
    return false
  }

  /// The value of the header that names the client, when its line is whole.
  private func clientAddress(_ head: ArraySlice<UInt8>) -> [UInt8]? {
    let name = acceptor.header
    var line = head.startIndex
    while let end = head[line...].firstIndex(of: 0x0A) {
      let text = head[line..<end]
      if text.count > name.count, text[line + name.count] == UInt8(ascii: ":"),
        zip(text, name).allSatisfy({ $0.0 | 0x20 == $0.1 || $0.0 == $0.1 })
      {
        var parts = text[(line + name.count + 1)...].split(separator: UInt8(ascii: ","))
          .map { $0.filter { $0 > 0x20 } }
        // As `ctx.ip` reads it: of those that one's own proxies noted, the first.
        if acceptor.hopLimit > 0 { parts = parts.suffix(acceptor.hopLimit) }
        return parts.first
      }
      line = end + 1
    }
    return nil
  }
}
