/// Why a request to another server came to nothing.
public struct CurlFailure: Error, Sendable, CustomStringConvertible {
  public enum Kind: String, Sendable {
    /// The options or the url make no sense; nothing was sent.
    case argument = "EGG_CURL_ARGUMENT"
    /// No connection: the name is unknown, the port closed, the certificate not trusted.
    case connect = "EGG_CURL_CONNECT"
    /// No connection in time.
    case connectTimeout = "EGG_CURL_CONNECT_TIMEOUT"
    /// No answer in time.
    case responseTimeout = "EGG_CURL_RESPONSE_TIMEOUT"
    /// The answer broke off, is no HTTP, too large, or not the type that was asked for.
    case response = "EGG_CURL_RESPONSE"
    /// `config.security.ssrf` forbids the address.
    case address = "EGG_CURL_ADDRESS"
    /// Whoever asked has gone.
    case cancelled = "EGG_CURL_CANCELLED"
  }

  public let kind: Kind
  public let message: String

  public init(_ kind: Kind, _ message: String) {
    self.kind = kind
    self.message = message
  }

  public var description: String { "\(kind.rawValue) \(message)" }
}
