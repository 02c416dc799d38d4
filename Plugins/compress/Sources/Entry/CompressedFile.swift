import CompressEngine
import Egg
import Glibc
import PluginABI

/// A file, read and compressed piece by piece by another thread.
nonisolated final class CompressedFile: CompressedBody, @unchecked Sendable {
  private static let piece = 256 << 10
  /// Milliseconds until another try when the pool of threads is busy.
  private static let pause: UInt64 = 5

  private let file: Int32
  private var offset: Int64
  private var left: Int64
  private var buffer: [UInt8] = []
  private var isWorking = false
  private var output: UnsafeBufferPointer<UInt8>?

  /// - Parameter file: becomes this object's.
  init(
    _ layer: CompressLayer, _ compressor: Compressor, file: Int32, offset: Int64, length: Int64
  ) {
    self.file = file
    self.offset = offset
    left = length
    super.init(layer, compressor)
  }

  deinit { close(file) }

  override func begin() { next() }
  override func goOn() { next() }

  private func next() {
    guard isOpen, !isWorking, !isFull else { return }
    isWorking = true
    let state = Unmanaged.passRetained(self)
    let status = loop.pointee.offload(host, compressPiece, pieceDone, state.toOpaque())
    guard status != egg_status(EGG_OK) else { return }
    var token: UInt64 = 0
    let waits = loop.pointee.timer(host, Self.pause, 0, tryAgain, state.toOpaque(), &token)
    if waits != egg_status(EGG_OK) {
      state.release()
      isWorking = false
      abort()
    }
  }

  fileprivate func again() {
    isWorking = false
    next()
  }

  /// On another thread.
  fileprivate func work() {
    let wanted = Int(min(left, Int64(Self.piece)))
    if buffer.isEmpty { buffer = [UInt8](repeating: 0, count: wanted) }
    output = buffer.withUnsafeMutableBytes { room in
      var count = 0
      while count < wanted {
        let got = pread(file, room.baseAddress! + count, wanted - count, Int(offset) + count)
        if got < 0, errno == EINTR { continue }
        // The file has become shorter than it was.
        guard got > 0 else { return nil }
        count += got
      }
      offset += Int64(count)
      left -= Int64(count)
      let bytes = UnsafeBufferPointer(
        start: room.baseAddress?.assumingMemoryBound(to: UInt8.self), count: count)
      return compressor.run(bytes, left > 0 ? .feed : .end)
    }
  }

  fileprivate func worked() {
    isWorking = false
    guard let output else { return abort() }
    send(output)
    if left > 0 { next() } else { finish() }
  }
}

private nonisolated let compressPiece: @convention(c) (UnsafeMutableRawPointer?) -> egg_status = {
  guard let state = $0 else { return egg_status(EGG_E_ARGUMENT) }
  Unmanaged<CompressedFile>.fromOpaque(state).takeUnretainedValue().work()
  return egg_status(EGG_OK)
}

private nonisolated let pieceDone: egg_done = { state, _ in
  guard let state else { return }
  Unmanaged<CompressedFile>.fromOpaque(state).takeRetainedValue().worked()
}

private nonisolated let tryAgain: @convention(c) (UnsafeMutableRawPointer?) -> Void = { state in
  guard let state else { return }
  Unmanaged<CompressedFile>.fromOpaque(state).takeRetainedValue().again()
}
