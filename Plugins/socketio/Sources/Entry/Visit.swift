import Egg
import SocketIO

/// What a context is about: a connection, or one packet.
final class Visit {
  let socket: Socket
  /// The list that came, the event's name first; empty for a connection.
  private(set) var packet: Value
  /// The id for the answer; -1: none.
  let ack: Int
  /// A middleware has put something else in the packet's place.
  private(set) var isChanged = false

  init(_ socket: Socket, packet: Value = .list([]), ack: Int = -1) {
    self.socket = socket
    self.packet = packet
    self.ack = ack
  }

  func change(_ packet: Value) {
    self.packet = packet
    isChanged = true
  }
}

/// What the plugin keeps with a socket.
final class SocketState {
  /// Resumed when the socket ends: the connection middlewares.
  private var ending: [UnsafeContinuation<Void, Never>] = []
  private(set) var hasEnded = false
  /// The first request, for contexts.
  private var request: Value?

  func ended() async {
    guard !hasEnded else { return }
    await withUnsafeContinuation { ending.append($0) }
  }

  func end() {
    hasEnded = true
    let waiting = ending
    ending = []
    for continuation in waiting { continuation.resume() }
  }

  func request(of socket: Socket) -> Value {
    if let request { return request }
    let facts = socket.session.handshake
    let headers = (try? Value(json: facts.headers)) ?? [:]
    let made: Value = [
      "method": "GET", "url": facts.url, "headers": headers, "secure": facts.isSecure,
    ]
    request = made
    return made
  }
}
