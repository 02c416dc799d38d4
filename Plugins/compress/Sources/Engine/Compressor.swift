import CBrotli
import CZlib
import Glibc

/// How much work is done for a small body.
public struct Levels: Sendable, Equatable {
  /// 1 to 9.
  public var gzip: Int32 = 6
  /// 0 to 11.
  public var brotli: Int32 = 4

  public init() {}
}

/// Makes one body smaller, whole or piece by piece. Not for several threads at once.
public final class Compressor: @unchecked Sendable {
  public enum Operation {
    /// More will come.
    case feed
    /// More will come, but what there is has to arrive.
    case flush
    case end
  }

  private enum Engine {
    case gzip(UnsafeMutablePointer<z_stream>)
    case brotli(OpaquePointer)
  }

  public let coding: Coding
  private let engine: Engine
  private var output: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  private var count = 0

  /// - Parameter sizeHint: bytes of the whole body; 0 when nobody knows.
  /// - Returns: nil when there is no memory.
  public init?(_ coding: Coding, _ levels: Levels, sizeHint: Int = 0) {
    self.coding = coding
    switch coding {
    case .gzip:
      let stream = UnsafeMutablePointer<z_stream>.allocate(capacity: 1)
      stream.initialize(to: z_stream())
      // 16 more than the window's bits: gzip's frame and not zlib's.
      let status = deflateInit2_(
        stream, levels.gzip, Z_DEFLATED, 15 + 16, 8, Z_DEFAULT_STRATEGY, ZLIB_VERSION,
        Int32(MemoryLayout<z_stream>.size))
      guard status == Z_OK else {
        stream.deallocate()
        return nil
      }
      engine = .gzip(stream)
    case .br:
      guard let state = BrotliEncoderCreateInstance(nil, nil, nil) else { return nil }
      BrotliEncoderSetParameter(state, BROTLI_PARAM_QUALITY, UInt32(levels.brotli))
      if sizeHint > 0 {
        let hint = UInt32(clamping: sizeHint)
        BrotliEncoderSetParameter(state, BROTLI_PARAM_SIZE_HINT, hint)
        // A window larger than the body is only memory.
        var bits: UInt32 = 16
        while bits < 22, sizeHint > 1 << bits { bits += 1 }
        BrotliEncoderSetParameter(state, BROTLI_PARAM_LGWIN, bits)
      }
      engine = .brotli(state)
    }
    capacity = max(4096, sizeHint / 3)
    output = .allocate(capacity: capacity)
  }

  deinit {
    switch engine {
    case .gzip(let stream):
      deflateEnd(stream)
      stream.deallocate()
    case .brotli(let state): BrotliEncoderDestroyInstance(state)
    }
    output.deallocate()
  }

  /// Of `gzip` only: ready for another body.
  public func reset() -> Bool {
    guard case .gzip(let stream) = engine else { return false }
    count = 0
    return deflateReset(stream) == Z_OK
  }

  /// - Returns: what there is to send now; valid until the next use. Nil when there is no memory.
  public func run(_ input: UnsafeBufferPointer<UInt8>, _ operation: Operation)
    -> UnsafeBufferPointer<UInt8>?
  {
    count = 0
    let worked =
      switch engine {
      case .gzip(let stream): deflateAll(stream, input, operation)
      case .brotli(let state): encodeAll(state, input, operation)
      }
    return worked ? UnsafeBufferPointer(start: output, count: count) : nil
  }

  private func deflateAll(
    _ stream: UnsafeMutablePointer<z_stream>, _ input: UnsafeBufferPointer<UInt8>,
    _ operation: Operation
  ) -> Bool {
    var left = input.count
    var next = UnsafeMutablePointer(mutating: input.baseAddress)
    while true {
      // zlib counts in 32 bits.
      let piece = min(left, 1 << 30)
      stream.pointee.next_in = next
      stream.pointee.avail_in = UInt32(piece)
      let isLast = piece == left
      let flush =
        !isLast || operation == .feed
        ? Z_NO_FLUSH : operation == .end ? Z_FINISH : Z_SYNC_FLUSH
      repeat {
        if capacity - count < 64 { grow() }
        let room = min(capacity - count, 1 << 30)
        stream.pointee.next_out = output + count
        stream.pointee.avail_out = UInt32(room)
        let status = deflate(stream, flush)
        guard status != Z_STREAM_ERROR else { return false }
        count += room - Int(stream.pointee.avail_out)
        if status == Z_STREAM_END { return true }
      } while stream.pointee.avail_out == 0 || stream.pointee.avail_in > 0
      if isLast { return operation != .end }
      left -= piece
      next = next.map { $0 + piece }
    }
  }

  private func encodeAll(
    _ state: OpaquePointer, _ input: UnsafeBufferPointer<UInt8>, _ operation: Operation
  ) -> Bool {
    var left = input.count
    var next = input.baseAddress
    let kind =
      switch operation {
      case .feed: BROTLI_OPERATION_PROCESS
      case .flush: BROTLI_OPERATION_FLUSH
      case .end: BROTLI_OPERATION_FINISH
      }
    repeat {
      if capacity - count < 64 { grow() }
      var room = capacity - count
      var place: UnsafeMutablePointer<UInt8>? = output + count
      guard
        BrotliEncoderCompressStream(state, kind, &left, &next, &room, &place, nil) == BROTLI_TRUE
      else { return false }
      count = capacity - room
    } while left > 0 || BrotliEncoderHasMoreOutput(state) == BROTLI_TRUE
    return operation != .end || BrotliEncoderIsFinished(state) == BROTLI_TRUE
  }

  private func grow() {
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: capacity * 2)
    larger.update(from: output, count: count)
    output.deallocate()
    (output, capacity) = (larger, capacity * 2)
  }
}
