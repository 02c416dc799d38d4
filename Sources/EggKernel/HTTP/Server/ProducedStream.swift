import PluginABI

/// Where the producer of a stream writes: the client's connection, or a layer that has taken the stream.
class ProducedStream {
  func write(_ bytes: UnsafeBufferPointer<UInt8>) -> egg_status { Status.stale }

  /// Takes the payload over in every case.
  func write(_ payload: egg_payload) -> egg_status {
    payload.release?(payload.state)
    return Status.stale
  }

  /// Everything was written.
  func finish() -> egg_status { Status.stale }

  /// No more is written, and that is not the whole.
  func abort() {}
}
