import PluginABI

/// An answer's body that a unit produces over time, under a token that the unit holds.
final class BodyStream: ProducedStream {
  /// Bytes that may wait to be sent before the producer is told to pause.
  static let highWater = 64 * 1024

  private unowned(unsafe) let connection: Connection
  private let source: egg_stream_source
  private let isChunked: Bool
  private var left: Int64
  private var token: UInt64 = 0
  private var isPaused = false
  /// The producer has said its last word, or nobody listens any more.
  private var hasEnded = false
  private var wasTold = false

  init(_ connection: Connection, _ source: egg_stream_source, isChunked: Bool, length: Int64) {
    self.connection = connection
    self.source = source
    self.isChunked = isChunked
    left = length
  }

  func start() {
    token = connection.worker.streams.insert(self)
    let (source, token) = (source, token)
    connection.worker.turn.push(
      .run { [self] in
        if connection.worker.streams.find(token) != nil { source.start(source.`self`, token) }
        withExtendedLifetime(self) {}
      })
  }

  override func write(_ bytes: UnsafeBufferPointer<UInt8>) -> egg_status {
    guard !hasEnded else { return Status.stale }
    guard bytes.count > 0 else { return answer() }
    if left >= 0 {
      guard Int64(bytes.count) <= left else { return Status.limit }
      left -= Int64(bytes.count)
    }
    let worker = connection.worker
    if isChunked {
      let out = connection.outbox.buffer(&worker.buffers).takeUnretainedValue()
      let before = out.count
      out.appendChunkStart(bytes.count)
      out.append(bytes)
      out.appendChunkEnd()
      connection.outbox.appended(out.count - before)
    } else {
      connection.outbox.append(bytes, &worker.buffers)
    }
    worker.markDirty(connection)
    return answer()
  }

  /// Takes the payload over in every case.
  override func write(_ payload: egg_payload) -> egg_status {
    if let refusal = refusal(payload) {
      payload.release?(payload.state)
      return refusal
    }
    if left >= 0 { left -= Int64(payload.count) }
    let worker = connection.worker
    if isChunked {
      let out = connection.outbox.buffer(&worker.buffers).takeUnretainedValue()
      let before = out.count
      out.appendChunkStart(payload.count)
      connection.outbox.appended(out.count - before)
    }
    connection.outbox.append(payload, &worker.buffers)
    if isChunked {
      let out = connection.outbox.buffer(&worker.buffers).takeUnretainedValue()
      let before = out.count
      out.appendChunkEnd()
      connection.outbox.appended(out.count - before)
    }
    worker.markDirty(connection)
    connection.releaseSent()
    return hasEnded ? Status.ok : answer()
  }

  /// Why nothing of the payload is sent; an empty one is the answer of a write of nothing.
  private func refusal(_ payload: egg_payload) -> egg_status? {
    guard !hasEnded else { return Status.stale }
    guard payload.count >= 0, payload.count == 0 || payload.bytes != nil else {
      return Status.argument
    }
    if payload.count == 0 { return answer() }
    if left >= 0, Int64(payload.count) > left { return Status.limit }
    return nil
  }

  private func answer() -> egg_status {
    guard connection.outbox.waiting > BodyStream.highWater else { return Status.ok }
    isPaused = true
    return Status.again
  }

  override func finish() -> egg_status {
    guard !hasEnded else { return Status.stale }
    if left > 0 {
      // Less came than the head promised: only a cut connection tells the client.
      abort()
      return Status.limit
    }
    hasEnded = true
    let worker = connection.worker
    worker.streams.remove(token)
    if isChunked {
      let out = connection.outbox.buffer(&worker.buffers).takeUnretainedValue()
      let before = out.count
      out.appendLastChunk()
      connection.outbox.appended(out.count - before)
    }
    connection.outbox.append(endOf: self)
    worker.markDirty(connection)
    // The end of an exchange runs listeners and releases, which must not happen inside the producer.
    worker.turn.push(
      .run { [self, connection] in
        if connection.stream === self { connection.answerEnded() }
      })
    return Status.ok
  }

  /// Sends what waits and the socket takes, then cuts the connection.
  override func abort() {
    guard !hasEnded else { return }
    hasEnded = true
    connection.worker.streams.remove(token)
    connection.worker.turn.push(
      .run { [connection] in
        connection.flush()
        connection.close()
      })
  }

  /// Everything that waited has been sent.
  func drained() {
    guard !hasEnded else { return }
    connection.worker.loop.deadlines.disarm(connection)
    guard isPaused else { return }
    isPaused = false
    guard let writable = source.writable else { return }
    // In a turn of its own, so that a producer whose client is fast leaves room for others.
    connection.worker.turn.push(
      .run { [self] in
        if !hasEnded, !isPaused { writable(source.`self`, token) }
      })
  }

  /// The connection went first.
  func connectionEnded() {
    if !hasEnded {
      hasEnded = true
      connection.worker.streams.remove(token)
    }
    sent(complete: false)
  }

  /// The last byte was handed to the system, or dropped: the source is told, once.
  func sent(complete: Bool) {
    guard !wasTold else { return }
    wasTold = true
    let source = source
    connection.worker.turn.push(.run { source.closed(source.`self`, complete) })
  }
}
