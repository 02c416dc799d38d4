public import EggWebSocketDeflate

/// How an Engine.IO server behaves. Times in milliseconds, sizes in bytes.
///
/// The defaults are those of the reference server 4.x, except for `allowEIO3`: Egg's users have
/// clients of old.
nonisolated public struct EngineOptions: Sendable {
  /// Requests whose path begins like this are the server's.
  public var path = "/socket.io/"
  public var pingInterval = 25_000
  public var pingTimeout = 20_000
  /// What an upgrade may take, from the new connection to its last packet.
  public var upgradeTimeout = 10_000
  /// Of a request's body, and of a message after reassembly.
  public var maxHttpBufferSize = 1_000_000
  public var allowsPolling = true
  public var allowsWebSocket = true
  public var allowUpgrades = true
  /// Clients 1.x and 2.x, and those that do not say what they speak.
  public var allowEIO3 = true
  /// Polling through script tags, which only very old browsers need.
  public var jsonp = false
  public var cors: CrossOrigin?
  public var cookie: SessionCookie?
  /// Pages whose scripts may open a connection of any kind; nil: all.
  public var origins: [String]?
  /// Bytes that may wait for one client; more closes the session.
  public var maxQueue = 4 << 20
  /// Packets in one polling body.
  public var maxPackets = 10_000
  /// Packets in one polling answer; clients in Python take no more than 16.
  public var maxPollPackets = 16
  /// Sessions at one time.
  public var maxSessions = 1_000_000
  /// What a client that has to be told of the end by polling has to ask for it.
  public var goodbyeTimeout = 30_000
  /// What a client has to answer a close frame.
  public var closeTimeout = 5_000
  public var perMessageDeflate: DeflateOptions?
  /// Answers to polling are compressed from so many bytes on; nil: never.
  public var httpCompression: Int? = 1024

  public init() {}
}

/// Compression of WebSocket messages, off by default: it costs memory for every connection.
nonisolated public struct DeflateOptions: Sendable {
  /// Shorter messages are sent as they are.
  public var threshold = 1024
  /// 1 is quick, 9 is thorough.
  public var level = 6
  public var wishes = DeflateWishes()
  public init() {}
}

/// `Set-Cookie` on the first answer, for load balancers that go by it; never read.
nonisolated public struct SessionCookie: Sendable {
  public var name = "io"
  public var attributes = "Path=/; HttpOnly; SameSite=Lax"
  public init() {}
}

/// Which pages of other sites may read answers.
///
/// - Source: the Fetch standard, "CORS protocol".
nonisolated public struct CrossOrigin: Sendable {
  public enum Origins: Sendable, Equatable {
    case any
    /// Sent as it is, whoever asks.
    case fixed(String)
    case list([String])
    /// The origin that asks.
    case reflected
  }

  public var origins = Origins.any
  public var credentials = false
  public var methods = "GET,HEAD,PUT,PATCH,POST,DELETE"
  /// nil: those that the client asks for.
  public var allowedHeaders: String?
  public var maxAge: Int?

  public init() {}

  /// The fields of an answer.
  func fields(origin: String) -> [(String, String)] {
    var fields: [(String, String)] = []
    switch origins {
    case .any: fields.append(("Access-Control-Allow-Origin", "*"))
    case .fixed(let text):
      fields.append(("Access-Control-Allow-Origin", text))
      fields.append(("Vary", "Origin"))
    case .list(let list):
      if list.contains(origin) { fields.append(("Access-Control-Allow-Origin", origin)) }
      fields.append(("Vary", "Origin"))
    case .reflected:
      if !origin.isEmpty { fields.append(("Access-Control-Allow-Origin", origin)) }
      fields.append(("Vary", "Origin"))
    }
    if credentials { fields.append(("Access-Control-Allow-Credentials", "true")) }
    return fields
  }

  /// The fields that an answer to OPTIONS has besides.
  func preflightFields(requested: String) -> [(String, String)] {
    var fields = [("Access-Control-Allow-Methods", methods)]
    if let allowedHeaders {
      fields.append(("Access-Control-Allow-Headers", allowedHeaders))
    } else {
      if !requested.isEmpty { fields.append(("Access-Control-Allow-Headers", requested)) }
      fields.append(("Vary", "Access-Control-Request-Headers"))
    }
    if let maxAge { fields.append(("Access-Control-Max-Age", String(maxAge))) }
    return fields
  }
}
