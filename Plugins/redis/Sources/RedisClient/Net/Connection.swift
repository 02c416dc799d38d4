import Egg
import EggRedis
import Glibc

/// One connection to one server: commands go out together at the end of a turn, replies are
/// handed to those who wait, in order.
final class Connection {
  private enum State { case idle, connecting, securing, open, closed }

  let endpoint: Endpoint
  private let loop: any RedisLoop
  private let tlsOptions: TLSOptions?
  private var state = State.idle
  private var socket: Socket?
  private var watch: (any RedisWatch)?
  private var watched: Watch.Events = []
  private var tls: TLSSession?
  private var opening: UnsafeContinuation<RedisError?, Never>?
  private let reader: ReplyReader
  private let replies: ReplyQueue

  /// Commands that nobody has begun to send.
  private var commands = CommandWriter()
  /// What is being sent, as it goes over the wire, from `sent` on.
  private var sending: [UInt8] = []
  private var sent = 0
  private var isFlushPlanned = false

  /// Once, when an open connection ends; the reason.
  var onClose: ((RedisError) -> Void)?
  /// What comes without anybody waiting for it: messages of channels.
  var onMessage: ((Reply) -> Void)?

  /// Bytes that may wait for a server that does not read.
  static let writeLimit = 256 << 20

  init(
    _ endpoint: Endpoint, tls: TLSOptions?, loop: any RedisLoop, commandTimeout: Int,
    limits: ReplyReader.Limits = ReplyReader.Limits()
  ) {
    self.endpoint = endpoint
    self.loop = loop
    tlsOptions = tls
    reader = ReplyReader(limits: limits)
    replies = ReplyQueue(loop, timeout: commandTimeout)
  }

  isolated deinit { watch?.end() }

  var isOpen: Bool { state == .open }
  /// Commands without a reply.
  var waiting: Int { replies.count }

  // MARK: opening

  /// - Parameter timeout: milliseconds for everything: the name, the connect, TLS.
  /// - Throws: `EGG_REDIS_CONNECT` with the address and the reason.
  func open(timeout: Int) async throws(RedisError) {
    var isLate = false
    let timer = try? loop.timer(after: timeout) { [weak self] in
      isLate = true
      self?.finishOpening(.connect("no answer within \(timeout) ms"))
    }
    defer { timer?.cancel() }
    do {
      var failure = RedisError.connect("the name has no address")
      for address in try await addresses() {
        guard !isLate else { throw RedisError.connect("no answer within \(timeout) ms") }
        guard let error = await connect(address) else { return }
        failure = error
        abandon()
      }
      throw failure
    } catch let error as RedisError {
      state = .closed
      throw RedisError(code: error.code, "\(endpoint): \(error.message)")
    } catch {
      state = .closed
      throw RedisError.connect("\(endpoint): \(error)")
    }
  }

  private func addresses() async throws -> [SocketAddress] {
    switch endpoint {
    case .unix(let path): return [try SocketAddress.unix(path)]
    case .tcp(let host, let port):
      let known = try SocketAddress.tcp(host, port, numericOnly: true)
      guard known.isEmpty else { return known }
      return try await loop.blocking { try SocketAddress.tcp(host, port, numericOnly: false) }
    }
  }

  private func connect(_ address: SocketAddress) async -> RedisError? {
    do {
      let socket = try Socket(connecting: address)
      self.socket = socket
      watched = .write
      watch = try loop.watch(socket.descriptor, .write) { [weak self] in self?.ready($0) }
    } catch let error as RedisError {
      return error
    } catch {
      return .connect("\(error)")
    }
    state = .connecting
    return await withUnsafeContinuation { opening = $0 }
  }

  private func connected() {
    if let failure = socket?.failure { return finishOpening(.connect(failure)) }
    guard let tlsOptions else { return finishOpening(nil) }
    do throws(RedisError) {
      tls = try TLSSession(tlsOptions, host: endpoint.host)
      state = .securing
      change(.read)
      try secure()
    } catch {
      finishOpening(error)
    }
  }

  private func secure() throws(RedisError) {
    guard let tls else { return }
    let isDone = try tls.handshake()
    tls.takeOutput(into: &sending)
    write()
    if isDone { finishOpening(nil) }
  }

  private func finishOpening(_ error: RedisError?) {
    guard let continuation = opening else { return }
    opening = nil
    if error == nil {
      state = .open
      change(sent < sending.count ? [.read, .write] : .read)
    }
    continuation.resume(returning: error)
  }

  /// Drops an attempt.
  private func abandon() {
    watch?.end()
    watch = nil
    socket?.close()
    socket = nil
    tls = nil
    sending = []
    sent = 0
  }

  // MARK: commands

  /// - Returns: false when too much is waiting already; `waiter` is not called then.
  func send(_ name: String, _ arguments: [Value], _ waiter: Waiter) -> Bool {
    guard sending.count - sent + commands.count < Self.writeLimit else { return false }
    commands.write(name, arguments)
    replies.append(waiter)
    planFlush()
    return true
  }

  /// A command whose answers come as messages.
  func tell(_ name: String, _ arguments: [Value]) {
    commands.write(name, arguments)
    planFlush()
  }

  /// Commands that somebody collected elsewhere.
  func send(_ collected: CommandWriter, _ waiters: ReplyQueue) {
    commands.append(collected)
    waiters.moveAll(to: replies)
    planFlush()
  }

  /// Sends a command and waits for its reply.
  func call(_ name: String, _ arguments: Value...) async throws(RedisError) -> Value {
    guard state == .open else { throw RedisError.lost("\(endpoint): the connection has ended") }
    let reply = await withUnsafeContinuation { continuation in
      if !send(name, arguments, .task(continuation)) {
        continuation.resume(returning: .failure(.queue("too much is waiting for \(endpoint)")))
      }
    }
    return try reply.get()
  }

  /// Commands of one turn go out together.
  private func planFlush() {
    guard !isFlushPlanned, state == .open else { return }
    isFlushPlanned = true
    Task { self.flush() }
  }

  private func flush() {
    isFlushPlanned = false
    guard state == .open, !commands.isEmpty else { return }
    // What is there is sent first; `write` comes back for the rest.
    guard sent == sending.count else { return }
    takeCommands()
    write()
  }

  private func takeCommands() {
    sending.removeAll(keepingCapacity: sending.capacity < 1 << 20)
    sent = 0
    if let tls {
      do throws(RedisError) {
        try commands.bytes.withUnsafeBufferPointer { bytes throws(RedisError) in
          try tls.write(bytes)
        }
        tls.takeOutput(into: &sending)
        commands.removeAll()
      } catch {
        close(.lost("\(endpoint): \(error.message)"))
      }
    } else {
      commands.swap(with: &sending)
    }
  }

  private func write() {
    while let socket {
      if sent == sending.count {
        guard state == .open, !commands.isEmpty else { break }
        takeCommands()
        continue
      }
      let outcome = sending.withUnsafeBufferPointer {
        socket.write(UnsafeBufferPointer(rebasing: $0[sent...]))
      }
      switch outcome {
      case .bytes(let count): sent += count
      case .wait:
        change([.read, .write])
        return
      case .end(let reason):
        close(.lost("\(endpoint): \(reason)"))
        return
      }
    }
    if state == .open || state == .securing { change(.read) }
  }

  private func change(_ events: Watch.Events) {
    guard events != watched else { return }
    watched = events
    watch?.change(events)
  }

  // MARK: what comes

  private func ready(_ events: Watch.Events) {
    switch state {
    case .connecting: connected()
    case .securing, .open:
      if events.contains(.write) { write() }
      if !events.isDisjoint(with: [.read, .closed]) { read() }
    case .idle, .closed: break
    }
  }

  /// Reads what there is, but not for ever: others want their turn too.
  private func read() {
    for _ in 0..<16 {
      guard let socket else { return }
      if let tls {
        var raw = [UInt8](repeating: 0, count: 16 << 10)
        let outcome = raw.withUnsafeMutableBufferPointer { socket.read($0) }
        guard case .bytes(let count) = outcome else { return ended(outcome) }
        raw.withUnsafeBufferPointer { tls.received(UnsafeBufferPointer(rebasing: $0[..<count])) }
        guard decrypt(tls) else { return }
        if count < raw.count { return }
      } else {
        let room = reader.room()
        let outcome = socket.read(room)
        guard case .bytes(let count) = outcome else { return ended(outcome) }
        reader.received(count)
        guard parse() else { return }
        if count < room.count { return }
      }
    }
  }

  private func ended(_ outcome: Socket.Outcome) {
    guard case .end(let reason) = outcome else { return }
    close(.lost("\(endpoint): \(reason)"))
  }

  /// - Returns: whether the connection goes on.
  private func decrypt(_ tls: TLSSession) -> Bool {
    do throws(RedisError) {
      if state == .securing { try secure() }
      guard state == .open else { return state == .securing }
      while true {
        let outcome = tls.read(reader.room())
        guard case .bytes(let count) = outcome else {
          ended(outcome)
          break
        }
        reader.received(count)
        guard parse() else { return false }
      }
      guard state == .open else { return false }
      // Answers of the protocol itself, such as key updates.
      tls.takeOutput(into: &sending)
      if sent < sending.count { write() }
      return state == .open
    } catch {
      finishOpening(error)
      return false
    }
  }

  private func parse() -> Bool {
    do throws(RedisError) {
      while let reply = try reader.next() {
        if case .push = reply {
          onMessage?(reply)
        } else if let waiter = replies.removeFirst() {
          waiter.take(reply)
        } else if let onMessage {
          onMessage(reply)
        } else {
          throw RedisError.protocol("a reply that nobody asked for")
        }
        guard state == .open else { return false }
      }
      reader.shrink()
      return true
    } catch {
      close(error)
      return false
    }
  }

  // MARK: the end

  /// Ends the connection; whoever waits gets `error`.
  func close(_ error: RedisError) {
    if opening != nil { return finishOpening(error) }
    guard state != .closed else { return }
    let wasOpen = state == .open
    state = .closed
    abandon()
    commands.removeAll()
    let onClose = onClose
    self.onClose = nil
    onMessage = nil
    replies.removeAll(error)
    if wasOpen { onClose?(error) }
  }
}
