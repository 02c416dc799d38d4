internal import CEggSocketIO
public import Egg

/// In middlewares and controllers of `app/io`.
extension Context {
  private enum Key: StorageKey { typealias Value = SocketCore }

  /// The client that this is about.
  ///
  /// - Precondition: this is a context of `app/io`; in others every use of the socket does nothing.
  public var socket: Socket {
    if let known = self[Key.self] { return Socket(known) }
    let number = self.extension("socketEvent").socket.int ?? 0
    let socket = app.io.client.socket(UInt64(number))
    self[Key.self] = socket.core
    return socket
  }

  /// The event's name and its arguments; what is put here is what goes on. Empty for a connection.
  public var packet: [Value] {
    get { self.extension("packet").array ?? [] }
    set { try? setExtension("packet", .list(newValue)) }
  }

  /// The arguments of the event.
  public var args: [Value] { Array(packet.dropFirst()) }

  /// Answers the event.
  public var ack: Acknowledgement {
    let event = self.extension("socketEvent")
    return Acknowledgement(
      socket.core.client, UInt64(event.socket.int ?? 0), Int64(event.ack.int ?? -1))
  }
}
