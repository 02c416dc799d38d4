import PluginABI

/// A body over time that a layer reads, to send something made of it.
///
/// Its producer sees no difference: it starts, waits and is closed as on a connection.
final class TakenStream: ProducedStream {
  private unowned(unsafe) let worker: Worker
  private let source: egg_stream_source
  private let sink: egg_stream_sink
  private var left: Int64
  private(set) var token: UInt64 = 0
  private var hasBegun = false
  private var isPaused = false
  /// The producer has said its last word, or nobody listens any more.
  private var hasEnded = false

  init(_ worker: Worker, _ source: egg_stream_source, _ sink: egg_stream_sink) {
    self.worker = worker
    self.source = source
    self.sink = sink
    left = source.length
    super.init()
    token = worker.streams.insert(self)
  }

  // MARK: the producer

  override func write(_ bytes: UnsafeBufferPointer<UInt8>) -> egg_status {
    guard !hasEnded else { return Status.stale }
    guard bytes.count > 0 else { return isPaused ? Status.again : Status.ok }
    if left >= 0 {
      guard Int64(bytes.count) <= left else { return Status.limit }
      left -= Int64(bytes.count)
    }
    switch sink.write(sink.`self`, egg_str(bytes)) {
    case Status.ok: return isPaused ? Status.again : Status.ok
    case Status.again:
      isPaused = true
      return Status.again
    default:
      hasEnded = true
      return Status.stale
    }
  }

  override func write(_ payload: egg_payload) -> egg_status {
    defer { payload.release?(payload.state) }
    guard payload.count >= 0, payload.count == 0 || payload.bytes != nil else {
      return hasEnded ? Status.stale : Status.argument
    }
    return write(UnsafeBufferPointer(start: payload.bytes, count: payload.count))
  }

  override func finish() -> egg_status {
    guard !hasEnded else { return Status.stale }
    hasEnded = true
    // Less than was promised is not the whole.
    sink.ended(sink.`self`, left <= 0)
    return left > 0 ? Status.limit : Status.ok
  }

  override func abort() {
    guard !hasEnded else { return }
    hasEnded = true
    sink.ended(sink.`self`, false)
  }

  // MARK: the taker

  func resume() {
    guard !hasEnded else { return }
    guard hasBegun else {
      hasBegun = true
      worker.turn.push(.run { [self] in if !hasEnded { source.start(source.`self`, token) } })
      return
    }
    guard isPaused else { return }
    isPaused = false
    guard let writable = source.writable else { return }
    worker.turn.push(.run { [self] in if !hasEnded, !isPaused { writable(source.`self`, token) } })
  }

  func drop(complete: Bool) {
    hasEnded = true
    worker.streams.remove(token)
    let source = source
    worker.turn.push(.run { source.closed(source.`self`, complete) })
  }
}
