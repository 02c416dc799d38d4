import PluginABI

/// A connection whose byte stream is a unit's: WebSocket and whatever else begins with an upgrade.
final class Takeover {
  /// Above this many waiting bytes a write answers `EGG_E_AGAIN`; a quarter of it is low again.
  static let highWater = 256 * 1024

  let operations: egg_connection_ops
  let state: UnsafeMutableRawPointer?
  unowned(unsafe) let unit: Unit
  unowned(unsafe) var connection: Connection?
  private(set) var token: UInt64 = 0
  var isPaused = false
  private var wantsWritable = false
  private var hasEnded = false
  /// No more is taken or delivered; what waits is sent, then the stream ends for this reason.
  private var closing: Connection.Ending?
  private var isClosing: Bool { closing != nil }

  init(_ operations: egg_connection_ops, _ state: UnsafeMutableRawPointer?, unit: Unit) {
    self.operations = operations
    self.state = state
    self.unit = unit
  }

  func begin(on connection: Connection) {
    self.connection = connection
    token = connection.worker.takeovers.insert(self)
    operations.opened?(state, token)
  }

  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> egg_status {
    guard let connection, !isClosing else { return Status.stale }
    let worker = connection.worker
    guard connection.outbox.waiting + bytes.count <= worker.takeoverLimit else {
      return Status.limit
    }
    connection.outbox.append(bytes, &worker.buffers)
    return written(connection)
  }

  func write(_ shared: SharedBuffer) -> egg_status {
    guard let connection, !isClosing else { return Status.stale }
    let worker = connection.worker
    guard connection.outbox.waiting + shared.count <= worker.takeoverLimit else {
      return Status.limit
    }
    connection.outbox.append(shared, &worker.buffers)
    return written(connection)
  }

  private func written(_ connection: Connection) -> egg_status {
    // Whoever reads for it sends what that gave.
    if !connection.isProcessing { connection.worker.markDirty(connection) }
    guard connection.outbox.waiting > Takeover.highWater else { return Status.ok }
    wantsWritable = true
    return Status.again
  }

  func pause(_ paused: Bool) {
    isPaused = paused
    if !paused, let connection {
      connection.worker.turn.push(.run { [connection] in connection.process() })
    }
  }

  func close(now: Bool) {
    guard let connection, !isClosing || now else { return }
    if closing == nil { closing = .byUs }
    if now { connection.outbox.discard(&connection.worker.buffers) }
    // Not here: `closed` must not run inside the function that asked for it.
    connection.worker.turn.push(
      .run { [self, connection] in
        guard connection.takeover === self else { return }
        if now { connection.close() } else { sendRest(connection) }
      })
  }

  /// The peer has sent its last byte; what we have for it is sent before the end.
  func peerEnded() {
    guard let connection, !isClosing else { return }
    closing = .byPeer
    sendRest(connection)
  }

  private func sendRest(_ connection: Connection) {
    connection.worker.loop.deadlines.arm(connection, in: connection.worker.timeouts.write)
    connection.flush()
    if connection.takeover === self, connection.outbox.isEmpty { finish(connection) }
  }

  /// Everything is sent: says goodbye in order, so that the peer's unread bytes don't cut it short.
  private func finish(_ connection: Connection) {
    let ending = closing ?? .byUs
    if ending == .byPeer { return connection.end(ending) }
    connection.takeover = nil
    ended(ending)
    connection.linger()
    connection.process()
  }

  /// Everything that waited has been sent.
  func drained() {
    guard let connection else { return }
    connection.worker.loop.deadlines.disarm(connection)
    if isClosing { return finish(connection) }
    drainedPartly()
  }

  func drainedPartly() {
    guard wantsWritable, let connection,
      connection.outbox.waiting <= Takeover.highWater / 4
    else { return }
    wantsWritable = false
    guard let writable = operations.writable else { return }
    // In a turn of its own, so that a unit whose peer is fast leaves room for others.
    connection.worker.turn.push(
      .run { [self] in
        if self.connection != nil, !isClosing { writable(state, token) }
      })
  }

  func received(_ bytes: UnsafeBufferPointer<UInt8>) {
    if isClosing { return }
    operations.received(state, token, egg_str(bytes))
  }

  func ended(_ ending: Connection.Ending) {
    guard !hasEnded else { return }
    hasEnded = true
    if let connection { connection.worker.takeovers.remove(token) }
    connection = nil
    operations.closed(state, ending.reason)
  }
}

extension Context {
  /// Sends the head of an upgrade and hands the stream over.
  func upgrade(_ connection: Connection, _ takeover: Takeover) {
    let worker = worker
    let out = connection.outbox.buffer(&worker.buffers).takeUnretainedValue()
    let before = out.count
    out.appendStatusLine(Int(isStatusSet ? status : 101))
    for index in responseHead.fields.indices {
      out.appendHeader(unchecked: responseHead.name(at: index), responseHead.value(at: index))
    }
    out.appendHeadEnd()
    connection.outbox.appended(out.count - before)
    isAnswered = true
    self.takeover = nil
    connection.beginTaken(takeover)
  }
}

extension Connection {
  func beginTaken(_ takeover: Takeover) {
    worker.counters.active &-= 1
    worker.loop.deadlines.disarm(self)
    if let bodyReader {
      bodyReader.surrender(&input)
      self.bodyReader = nil
    } else if let context {
      input?.consume(context.head.length)
    }
    state = .taken
    self.takeover = takeover
    if let context {
      self.forgetContext()
      context.connectionEnded()
    }
    takeover.begin(on: self)
    worker.markDirty(self)
    if !isProcessing { worker.turn.push(.run { [self] in process() }) }
  }

  /// Delivers what is at hand and reads more while the unit takes it.
  func readTaken() -> Bool {
    guard let takeover, !takeover.isPaused else { return false }
    if let buffer = input, !buffer.isEmpty {
      let bytes = buffer.bytes
      takeover.received(bytes)
      if state != .taken { return false }
      buffer.consume(bytes.count)
      return true
    }
    if let buffer = input {
      worker.buffers.giveBack(buffer)
      input = nil
    }
    return readMoreTaken()
  }

  /// - Precondition: nothing is at hand.
  /// - Returns: false when nothing came, the unit takes nothing now, or the stream has ended.
  func readMoreTaken() -> Bool {
    guard canRead, let takeover, !takeover.isPaused else { return false }
    let buffer = worker.buffers.take()
    input = buffer
    switch read(into: buffer, atLeast: 4096) {
    case -1:
      if state == .taken { takeover.peerEnded() }
      return false
    case 0:
      worker.buffers.giveBack(buffer)
      input = nil
      return false
    default:
      return true
    }
  }
}
