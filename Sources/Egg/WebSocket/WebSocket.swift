internal import EggWebSocket

/// The connection of a `WebSocketController`.
public struct WebSocket {
  let session: WebSocketSession?

  /// The client's close frame, ours, or the end of the connection has not come yet.
  public var isOpen: Bool { session?.isOpen ?? false }

  /// The subprotocol that was agreed on.
  public var subprotocol: String? { session?.subprotocol }

  /// Bytes that wait to be sent.
  public var waiting: Int { session?.waiting ?? 0 }

  /// Sends a text, and returns when more is welcome: at once, or when a slow client has caught up.
  ///
  /// - Throws: `EggError` with code `EGG_SOCKET_CLOSED` when the connection has ended.
  public func send(_ text: String) async throws { try await open().send(FrameWriter.text(text)) }

  /// The same for bytes.
  public func send(_ data: [UInt8]) async throws {
    try await open().send(FrameWriter.frame(.binary, data))
  }

  /// Sends a text without waiting, to many clients for one.
  ///
  /// - Returns: false when the connection has ended or too much waits for this client already.
  @discardableResult
  public func post(_ text: String) -> Bool { session?.post(FrameWriter.text(text)) ?? false }

  @discardableResult
  public func post(_ data: [UInt8]) -> Bool {
    session?.post(FrameWriter.frame(.binary, data)) ?? false
  }

  /// Says goodbye; the connection ends when the client has answered, or after
  /// `config.websocket.closeTimeout`.
  ///
  /// - Parameters:
  ///   - code: 1000 to 1014 as RFC 6455 has them, or 3000 to 4999; anything else is sent as 1000.
  ///   - reason: for people, at most 123 bytes.
  public func close(_ code: Int = 1000, _ reason: String = "") {
    let code = CloseCode(UInt16(clamping: code))
    session?.close(code.canBeSent ? code : .normal, reason)
  }

  private func open() throws -> WebSocketSession {
    guard let session else { throw WebSocketSession.closedError }
    return session
  }
}
