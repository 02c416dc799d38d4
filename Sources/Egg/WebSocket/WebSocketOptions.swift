internal import EggWebSocket

/// `config.websocket`, for every WebSocket of the application.
struct WebSocketOptions: Decodable {
  /// Bytes that a message may have.
  var maxPayload = 1 << 20
  /// Milliseconds of silence after which a ping is sent; after as many again without an answer the
  /// connection is dropped. 0: never.
  var pingInterval = 30_000
  /// Milliseconds that a client has to answer a close frame.
  var closeTimeout = 5_000
  /// Whose pages may connect: "https://example.com", "*" for all; absent: pages of the same host.
  var origins: [String]?

  init() {}

  private enum CodingKeys: CodingKey { case maxPayload, pingInterval, closeTimeout, origins }

  init(from decoder: any Decoder) throws {
    let values = try decoder.container(keyedBy: CodingKeys.self)
    func number(_ key: CodingKeys, _ standard: Int, atLeast least: Int) throws -> Int {
      let number = try values.decodeIfPresent(Int.self, forKey: key) ?? standard
      guard number >= least else {
        throw DecodingError.dataCorruptedError(
          forKey: key, in: values, debugDescription: "expected a number from \(least) on")
      }
      return number
    }
    maxPayload = try number(.maxPayload, maxPayload, atLeast: 1)
    pingInterval = try number(.pingInterval, pingInterval, atLeast: 0)
    closeTimeout = try number(.closeTimeout, closeTimeout, atLeast: 1)
    origins = try values.decodeIfPresent([String].self, forKey: .origins)
  }
}

/// The open WebSockets of an application's unit, which are told when it ends.
final class WebSocketSet {
  private enum Key: StorageKey { typealias Value = WebSocketSet }

  let options: WebSocketOptions
  private var sessions: [ObjectIdentifier: WebSocketSession] = [:]

  private init(_ options: WebSocketOptions) { self.options = options }

  /// - Throws: `EggError` naming what does not fit in `config.websocket`.
  static func of(_ app: Application) throws -> WebSocketSet {
    if let known = app[Key.self] { return known }
    let isSet = app.config.websocket.exists
    let made = WebSocketSet(
      isSet ? try app.config.decode(WebSocketOptions.self, "websocket") : WebSocketOptions())
    app[Key.self] = made
    app.on(.closing) { [unowned made] _ in made.goAway() }
    return made
  }

  func insert(_ session: WebSocketSession) { sessions[ObjectIdentifier(session)] = session }
  func remove(_ session: WebSocketSession) { sessions[ObjectIdentifier(session)] = nil }

  private func goAway() {
    for session in sessions.values { session.close(.goingAway, "the server ends") }
  }
}
