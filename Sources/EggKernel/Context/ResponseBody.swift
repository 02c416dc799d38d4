import Glibc
import PluginABI

/// What will be sent as the body, whoever set it last.
struct ResponseBody {
  var kind = egg_body_kind(EGG_BODY_UNSET)
  /// TEXT, BYTES, JSON; in the context's memory or the payload's.
  var bytes = UnsafeBufferPointer<UInt8>(start: nil, count: 0)
  var payload: egg_payload?
  /// FILE: the kernel's descriptor, or -1.
  var file: Int32 = -1
  var offset: Int64 = 0
  /// FILE: bytes to send.
  var length: Int64 = 0
  var source: egg_stream_source?

  @inline(__always)
  var isEmpty: Bool {
    kind == egg_body_kind(EGG_BODY_UNSET) || kind == egg_body_kind(EGG_BODY_NULL)
  }

  /// Lets go of what was set before; a source that never started is told so.
  mutating func release() {
    guard kind != egg_body_kind(EGG_BODY_UNSET) || payload != nil else { return }
    if let payload { payload.release?(payload.state) }
    if file >= 0 { close(file) }
    if let source { source.closed(source.`self`, false) }
    self = ResponseBody()
  }

  /// The descriptor or source is now somebody else's to close.
  mutating func handOver() {
    file = -1
    source = nil
  }

  /// Hands the payload's bytes over; the taker releases them.
  mutating func takePayload() -> egg_payload? {
    defer { payload = nil }
    return payload
  }
}
