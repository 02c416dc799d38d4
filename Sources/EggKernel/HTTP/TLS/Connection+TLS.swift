import Glibc
import LinuxHeaders

extension Connection {
  /// Begins with a handshake instead of a request.
  func beginTLS(_ server: TLSServer) {
    guard let stream = TLSStream(server, self) else { return close() }
    tls = stream
    state = .handshake
    worker.loop.deadlines.arm(self, in: server.settings.handshakeTimeout)
  }

  /// - Returns: whether requests can be read.
  func shakeHands() -> Bool {
    guard let tls else { return false }
    switch tls.shakeHands() {
    case .done:
      state = .head
      // The first request often came along.
      canRead = true
      worker.loop.deadlines.arm(self, in: worker.timeouts.header)
      return true
    case .wait:
      return false
    case .gone:
      close()
      return false
    case .plain:
      // It can't read anything sealed.
      let answer = TLSRefusal.answer
      _ = send(descriptor, answer.utf8Start, answer.utf8CodeUnitCount, Int32(MSG_NOSIGNAL))
      refuseHandshake("HTTP without TLS")
      return false
    case .failed(let reason):
      refuseHandshake(reason)
      return false
    }
  }

  private func refuseHandshake(_ reason: String) {
    worker.counters.refused &+= 1
    worker.log.debug("refused a handshake: \(reason) address=\(remoteAddress.string)")
    linger()
  }

  /// `read(into:atLeast:)` of an encrypted connection.
  func read(_ tls: TLSStream, into buffer: ByteBuffer, atLeast room: Int) -> Int {
    let start = buffer.reserve(room)
    switch tls.read(into: start, count: buffer.room) {
    case .bytes(let count):
      buffer.didWrite(count)
      return count
    case .nothing:
      return 0
    case .end:
      isReadClosed = true
      return -1
    case .cut:
      isReadClosed = true
      // A taken stream has no end of its own to tell a whole one by.
      if state == .taken { reset() }
      return -1
    case .failed:
      reset()
      return -1
    }
  }

  /// Whether a connection that is closed in `state` tells its peer so. One that is cut short must not:
  /// the peer would take what it has for the whole.
  func saysGoodbye(_ state: State, _ ending: Ending) -> Bool {
    guard ending != .reset, outbox.isEmpty else { return false }
    switch state {
    case .running, .answering: return false
    // A unit that ends its stream in order does so by lingering.
    case .taken: return ending != .byUs
    default: return true
    }
  }

  /// Throws away what the peer still sends; nobody decrypts it.
  func discardSealed() -> Bool {
    let buffer = worker.buffers.take()
    defer { worker.buffers.giveBack(buffer) }
    let count = Glibc.read(descriptor, buffer.reserve(4096), buffer.room)
    if count > 0 || count < 0 && errno == EINTR { return true }
    canRead = false
    if count < 0, errno == EAGAIN { return false }
    isReadClosed = true
    if count < 0 { reset() } else if outbox.isEmpty { close() }
    return false
  }
}

/// What a client gets that speaks HTTP where HTTPS is served.
enum TLSRefusal {
  static let answer: StaticString = """
    HTTP/1.1 400 Bad Request\r
    Content-Type: text/plain; charset=utf-8\r
    Content-Length: 54\r
    Connection: close\r
    \r
    this port speaks HTTPS: the address begins with https\n
    """
}
