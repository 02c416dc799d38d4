import Glibc
import PluginABI

/// The end of a connection.
extension Connection {
  /// The socket failed or the peer reset it.
  func reset() {
    end(.reset)
  }

  func close() {
    end(.byUs)
  }

  enum Ending {
    case byUs, reset, timeout, shutdown, byPeer

    var reason: egg_close_reason {
      switch self {
      case .byUs: egg_close_reason(EGG_CLOSED_BY_US)
      case .reset: egg_close_reason(EGG_CLOSED_RESET)
      case .timeout: egg_close_reason(EGG_CLOSED_TIMEOUT)
      case .shutdown: egg_close_reason(EGG_CLOSED_SHUTDOWN)
      case .byPeer: egg_close_reason(EGG_CLOSED_BY_PEER)
      }
    }
  }

  /// Ends it for good; whoever waits on it is told.
  func end(_ ending: Ending) {
    guard state != .closed else { return }
    let before = state
    state = .closed
    worker.loop.deadlines.remove(self)
    worker.loop.deregister(descriptor)
    if let tls {
      if saysGoodbye(before, ending) { _ = tls.sayGoodbye() }
      tls.free()
    }
    outbox.discard(&worker.buffers)
    Glibc.close(descriptor)
    worker.connectionClosed(self)
    releaseSent()
    if before == .running || before == .answering { worker.counters.active &-= 1 }
    worker.counters.active &-= unsent
    unsent = 0
    if let bodyReader {
      bodyReader.fail(status: 400, code: "EGG_CLIENT_GONE", "the client closed the connection")
    }
    if let stream {
      self.stream = nil
      stream.connectionEnded()
    }
    if let takeover {
      self.takeover = nil
      takeover.ended(ending)
    }
    if let context {
      contextReference = nil
      context.connectionLost(Remains(connection: self, input: input, bodyReader: bodyReader))
    } else if let input {
      worker.buffers.giveBack(input)
    }
    input = nil
    bodyReader = nil
  }
}
