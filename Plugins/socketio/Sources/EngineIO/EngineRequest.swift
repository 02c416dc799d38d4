/// A request on the server's path, as far as the engine looks at it.
nonisolated public struct EngineRequest: Sendable {
  public var method = "GET"
  /// With the query: "/socket.io/?EIO=4&transport=polling".
  public var url = ""
  /// Decoded; of several of one name the last counts.
  public var query: [(name: String, value: String)] = []
  public var origin = ""
  public var contentType = ""
  public var requestedHeaders = ""
  public var userAgent = ""
  public var acceptedCodings = ""
  public var address = ""
  public var isSecure = false
  /// The header fields as a JSON object, for `handshake.headers`.
  public var headers: [UInt8] = []

  public init() {}

  public subscript(name: String) -> String? { query.last { $0.name == name }?.value }

  /// A present but empty one counts as absent.
  public var sid: String? { self["sid"].flatMap { $0.isEmpty ? nil : $0 } }
  var revision: Revision { self["EIO"] == "4" ? .v4 : .v3 }

  var originIsLegal: Bool {
    origin.utf8.allSatisfy { $0 == 9 || $0 >= 0x20 && $0 != 0x7F }
  }
}

/// What is known of a client from its first request.
nonisolated public final class HandshakeFacts: Sendable {
  public let url: String
  public let query: [(name: String, value: String)]
  /// A JSON object.
  public let headers: [UInt8]
  public let address: String
  public let isSecure: Bool
  /// What the application wants the client to be known by.
  public let givenID: String?
  /// The request had an `Origin`.
  public let isCrossDomain: Bool
  /// Milliseconds since 1970.
  public let issued: Int

  init(_ request: EngineRequest, issued: Int, givenID: String?) {
    self.givenID = givenID
    url = request.url
    query = request.query
    headers = request.headers
    address = request.address
    isSecure = request.isSecure
    isCrossDomain = !request.origin.isEmpty
    self.issued = issued
  }
}

/// The answer to a request that is no upgrade.
nonisolated public struct EngineAnswer: Sendable {
  public var status = 200
  public var fields: [(name: String, value: String)] = []
  public var body: [UInt8] = []
  /// May be compressed: a payload with a packet that may be.
  var isCompressible = false

  static func text(_ body: [UInt8], type: String = "text/plain; charset=UTF-8") -> EngineAnswer {
    var answer = EngineAnswer()
    answer.fields = [("Content-Type", type), ("Cache-Control", "no-store")]
    answer.body = body
    return answer
  }
}

/// Why a request is refused: the numbers that clients know.
nonisolated public enum EngineError: Int, Error, Sendable {
  case transportUnknown, sessionUnknown, badMethod, badRequest, forbidden, unsupportedVersion

  public var message: String {
    switch self {
    case .transportUnknown: "Transport unknown"
    case .sessionUnknown: "Session ID unknown"
    case .badMethod: "Bad handshake method"
    case .badRequest: "Bad request"
    case .forbidden: "Forbidden"
    case .unsupportedVersion: "Unsupported protocol version"
    }
  }

  func answer(_ text: String? = nil) -> EngineAnswer {
    var answer = EngineAnswer()
    answer.status = self == .forbidden ? 403 : 400
    answer.fields = [("Content-Type", "application/json")]
    answer.body = Array("{\"code\":\(rawValue),\"message\":\"".utf8)
    for byte in (text ?? message).utf8 where byte >= 0x20 {
      if byte == UInt8(ascii: "\"") || byte == UInt8(ascii: "\\") {
        answer.body.append(UInt8(ascii: "\\"))
      }
      answer.body.append(byte)
    }
    answer.body += Array("\"}".utf8)
    return answer
  }
}
