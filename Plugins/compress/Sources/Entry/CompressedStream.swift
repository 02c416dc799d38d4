import CompressEngine
import Egg
import PluginABI

/// A stream that another layer has set, compressed on its way to the client.
///
/// Its producer waits when the client is slow. What it has written arrives within `flushDelay`, also
/// when it writes nothing after that.
nonisolated final class CompressedStream: CompressedBody, @unchecked Sendable {
  private let flushDelay: UInt64
  /// The stream that is read.
  private var taken: UInt64 = 0
  /// What waits for the other thread.
  private var pending: [UInt8] = []
  /// What the other thread has.
  private var input: [UInt8] = []
  private var output: UnsafeBufferPointer<UInt8>?
  private var isWorking = false
  private var isOver = false
  private var timer: UInt64 = 0

  init(_ layer: CompressLayer, _ compressor: Compressor, flushDelay: Int) {
    self.flushDelay = UInt64(flushDelay)
    super.init(layer, compressor)
  }

  /// Reads the response's stream in place of the client.
  ///
  /// - Returns: false when the body is no stream any more.
  func take(_ call: egg_call) -> Bool {
    var sink = egg_stream_sink()
    sink.size = UInt32(MemoryLayout<egg_stream_sink>.size)
    sink.`self` = Unmanaged.passUnretained(self).toOpaque()
    sink.write = pieceCame
    sink.ended = piecesEnded
    let status = http.pointee.take_response_stream(host, call, &sink, &taken)
    return status == egg_status(EGG_OK)
  }

  override func begin() { _ = http.pointee.stream_resume(host, taken) }

  override func goOn() {
    if !isWorking { _ = http.pointee.stream_resume(host, taken) }
  }

  override func end(complete: Bool) {
    stopTimer()
    _ = http.pointee.stream_drop(host, taken, complete)
  }

  // MARK: the producer

  fileprivate func write(_ bytes: UnsafeBufferPointer<UInt8>) -> egg_status {
    guard isOpen else { return egg_status(EGG_E_STALE) }
    if isWorking {
      pending += bytes
      return egg_status(EGG_E_AGAIN)
    }
    if bytes.count >= CompressLayer.largeBody {
      pending += bytes
      workElsewhere()
    } else {
      guard let output = compressor.run(bytes, .feed) else {
        abort()
        return egg_status(EGG_E_STALE)
      }
      send(output)
    }
    startTimer()
    return egg_status(isWorking || isFull ? EGG_E_AGAIN : EGG_OK)
  }

  fileprivate func ended(_ complete: Bool) {
    guard complete else { return abort() }
    isOver = true
    if !isWorking { finishAll() }
  }

  private func finishAll() {
    guard let output = compressor.run(UnsafeBufferPointer(start: nil, count: 0), .end) else {
      return abort()
    }
    stopTimer()
    send(output)
    finish()
  }

  // MARK: large pieces

  private func workElsewhere() {
    isWorking = true
    input = pending
    pending = []
    let state = Unmanaged.passRetained(self)
    let status = loop.pointee.offload(host, compressInput, inputDone, state.toOpaque())
    if status != egg_status(EGG_OK) {
      // The pool is busy; others wait for this piece then.
      state.release()
      work()
      worked()
    }
  }

  fileprivate func work() {
    output = input.withUnsafeBufferPointer { compressor.run($0, .feed) }
  }

  fileprivate func worked() {
    isWorking = false
    guard isOpen else { return }
    guard let output else { return abort() }
    send(output)
    if !pending.isEmpty { return workElsewhere() }
    if isOver { return finishAll() }
    startTimer()
    if !isFull { _ = http.pointee.stream_resume(host, taken) }
  }

  // MARK: flushing

  private func startTimer() {
    guard timer == 0, !isWorking else { return }
    let state = Unmanaged.passUnretained(self).toOpaque()
    _ = loop.pointee.timer(host, flushDelay, 0, flushTime, state, &timer)
  }

  private func stopTimer() {
    if timer != 0 { _ = loop.pointee.cancel_timer(host, timer) }
    timer = 0
  }

  fileprivate func flush() {
    timer = 0
    // After its work another timer is started.
    guard isOpen, !isWorking else { return }
    guard let output = compressor.run(UnsafeBufferPointer(start: nil, count: 0), .flush) else {
      return abort()
    }
    send(output)
  }
}

private nonisolated let pieceCame:
  @convention(c) (UnsafeMutableRawPointer?, egg_str) -> egg_status = { state, piece in
    guard let state else { return egg_status(EGG_E_STALE) }
    return Unmanaged<CompressedStream>.fromOpaque(state).takeUnretainedValue().write(piece.bytes)
  }

private nonisolated let piecesEnded: @convention(c) (UnsafeMutableRawPointer?, Bool) -> Void = {
  state, complete in
  guard let state else { return }
  Unmanaged<CompressedStream>.fromOpaque(state).takeUnretainedValue().ended(complete)
}

private nonisolated let compressInput: @convention(c) (UnsafeMutableRawPointer?) -> egg_status = {
  guard let state = $0 else { return egg_status(EGG_E_ARGUMENT) }
  Unmanaged<CompressedStream>.fromOpaque(state).takeUnretainedValue().work()
  return egg_status(EGG_OK)
}

private nonisolated let inputDone: egg_done = { state, _ in
  guard let state else { return }
  Unmanaged<CompressedStream>.fromOpaque(state).takeRetainedValue().worked()
}

private nonisolated let flushTime: @convention(c) (UnsafeMutableRawPointer?) -> Void = { state in
  guard let state else { return }
  Unmanaged<CompressedStream>.fromOpaque(state).takeUnretainedValue().flush()
}
