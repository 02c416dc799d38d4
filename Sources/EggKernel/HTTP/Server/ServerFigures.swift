/// What the server holds at this moment; for finding what was never given back.
package struct ServerFigures: CustomStringConvertible {
  /// Of the first listener; 0 when it is not a TCP socket.
  package let port: UInt16
  package let connections: Int
  /// Requests whose answer is not complete.
  package let active: Int
  /// Calls that a unit holds and has to settle.
  package let held: Int
  /// Calls in use, those of pooled contexts included.
  package let calls: Int
  package let streams: Int
  package let takeovers: Int
  package let watches: Int
  package let requests: UInt64

  package var description: String {
    "connections=\(connections) active=\(active) held=\(held) calls=\(calls) streams=\(streams) "
      + "takeovers=\(takeovers) watches=\(watches) requests=\(requests)"
  }
}

extension Application {
  /// The figures of this worker, now.
  package var serverFigures: ServerFigures {
    ServerFigures(
      port: worker.listeners.first?.port ?? 0, connections: worker.connections.count,
      active: worker.counters.active, held: worker.calls.held().count,
      calls: worker.calls.count, streams: worker.streams.count,
      takeovers: worker.takeovers.count, watches: worker.watches.count,
      requests: worker.counters.requests)
  }
}
