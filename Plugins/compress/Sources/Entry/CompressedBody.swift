import CompressEngine
import Egg
import PluginABI

/// A body that is compressed while it is sent. Kept until the kernel has closed its stream.
nonisolated class CompressedBody: @unchecked Sendable {
  let host: UnsafePointer<egg_host>
  let http: UnsafePointer<egg_http>
  let loop: UnsafePointer<egg_loop>
  let compressor: Compressor
  /// Where it goes; 0 before the start and after the end.
  private var stream: UInt64 = 0
  /// The client takes no more for now.
  private(set) var isFull = false

  var isOpen: Bool { stream != 0 }

  init(_ layer: CompressLayer, _ compressor: Compressor) {
    host = layer.host
    http = layer.http
    loop = layer.loop
    self.compressor = compressor
  }

  /// The kernel wants the first bytes.
  func begin() {}
  /// The client has room again.
  func goOn() {}
  /// Nothing more can be sent; `complete`: everything was.
  func end(complete: Bool) {}

  /// Holds this object until `closed`.
  func source() -> egg_stream_source {
    var source = egg_stream_source()
    source.size = UInt32(MemoryLayout<egg_stream_source>.size)
    source.length = -1
    source.`self` = Unmanaged.passRetained(self).toOpaque()
    source.start = bodyStarted
    source.writable = bodyWritable
    source.closed = bodyClosed
    return source
  }

  func send(_ bytes: UnsafeBufferPointer<UInt8>) {
    guard isOpen, let start = bytes.baseAddress, bytes.count > 0 else { return }
    let text = egg_str(
      ptr: UnsafeRawPointer(start).assumingMemoryBound(to: CChar.self), len: bytes.count)
    if http.pointee.stream_write(host, stream, text) == egg_status(EGG_E_AGAIN) { isFull = true }
  }

  func finish() {
    if isOpen { _ = http.pointee.stream_end(host, stream) }
  }

  /// The client sees that something is missing.
  func abort() {
    if isOpen { _ = http.pointee.stream_abort(host, stream) }
  }

  fileprivate func started(_ stream: UInt64) {
    self.stream = stream
    begin()
  }

  fileprivate func writable() {
    isFull = false
    goOn()
  }

  fileprivate func closed(_ complete: Bool) {
    stream = 0
    end(complete: complete)
  }
}

private nonisolated let bodyStarted: @convention(c) (UnsafeMutableRawPointer?, UInt64) -> Void = {
  state, stream in
  guard let state else { return }
  Unmanaged<CompressedBody>.fromOpaque(state).takeUnretainedValue().started(stream)
}

private nonisolated let bodyWritable: @convention(c) (UnsafeMutableRawPointer?, UInt64) -> Void = {
  state, _ in
  guard let state else { return }
  Unmanaged<CompressedBody>.fromOpaque(state).takeUnretainedValue().writable()
}

private nonisolated let bodyClosed: @convention(c) (UnsafeMutableRawPointer?, Bool) -> Void = {
  state, complete in
  guard let state else { return }
  Unmanaged<CompressedBody>.fromOpaque(state).takeRetainedValue().closed(complete)
}
