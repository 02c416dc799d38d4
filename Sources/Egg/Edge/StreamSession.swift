internal import PluginABI

/// A stream body while it is sent: one task that writes, held back when the client is slow.
final class StreamSession {
  private let unit: Unit
  private let body: StreamBody
  private var stream: UInt64 = 0
  private var task: Task<Void, Never>?
  private var waiting: UnsafeContinuation<Void, Never>?
  private var isClosed = false

  init(_ unit: Unit, _ body: StreamBody) {
    self.unit = unit
    self.body = body
  }

  /// Holds this object until `closed` or `abandon`.
  var source: egg_stream_source {
    var source = egg_stream_source()
    source.size = UInt32(MemoryLayout<egg_stream_source>.size)
    source.length = Int64(body.length ?? -1)
    source.`self` = Unmanaged.passRetained(self).toOpaque()
    source.start = startStream
    source.writable = streamWritable
    source.closed = streamClosed
    return source
  }

  func abandon() { Unmanaged.passUnretained(self).release() }

  fileprivate func start(_ stream: UInt64) {
    self.stream = stream
    let writer = StreamWriter(session: self)
    task = Task.immediate {
      let http = unit.host.http
      do {
        try await body.write(writer)
        if !isClosed { _ = http.pointee.stream_end(unit.host.table, stream) }
      } catch {
        if !isClosed { _ = http.pointee.stream_abort(unit.host.table, stream) }
        if !(error is CancellationError) { unit.application.logger.error(error) }
      }
    }
  }

  fileprivate func write(_ bytes: [UInt8]) async throws {
    if isClosed { throw CancellationError() }
    let status = bytes.withEggString {
      unit.host.http.pointee.stream_write(unit.host.table, stream, $0)
    }
    switch status {
    case Status.ok: return
    case Status.again:
      await withUnsafeContinuation { waiting = $0 }
      if isClosed { throw CancellationError() }
    case Status.stale: throw CancellationError()
    default: try Status.check(status, "stream")
    }
  }

  fileprivate func wake() {
    let continuation = waiting
    waiting = nil
    continuation?.resume()
  }

  fileprivate func close() {
    isClosed = true
    task?.cancel()
    task = nil
    wake()
  }
}

/// Where a `StreamBody` writes.
public struct StreamWriter {
  fileprivate let session: StreamSession

  /// Returns when the next piece is welcome.
  ///
  /// - Throws: `CancellationError` when the client is gone.
  public func write(_ bytes: [UInt8]) async throws { try await session.write(bytes) }
  public func write(_ text: String) async throws { try await session.write(Array(text.utf8)) }
}

private let startStream = unsafeBitCast(
  { state, stream in
    guard let state else { return }
    Unmanaged<StreamSession>.fromOpaque(state).takeUnretainedValue().start(stream)
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?, UInt64) -> Void,
  to: (@convention(c) (UnsafeMutableRawPointer?, UInt64) -> Void).self)

private let streamWritable = unsafeBitCast(
  { state, _ in
    guard let state else { return }
    Unmanaged<StreamSession>.fromOpaque(state).takeUnretainedValue().wake()
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?, UInt64) -> Void,
  to: (@convention(c) (UnsafeMutableRawPointer?, UInt64) -> Void).self)

private let streamClosed = unsafeBitCast(
  { state, _ in
    guard let state else { return }
    Unmanaged<StreamSession>.fromOpaque(state).takeRetainedValue().close()
  } as @MainActor @convention(c) (UnsafeMutableRawPointer?, Bool) -> Void,
  to: (@convention(c) (UnsafeMutableRawPointer?, Bool) -> Void).self)
