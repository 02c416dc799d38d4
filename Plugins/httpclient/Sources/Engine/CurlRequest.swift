/// One request, ready to be sent.
public struct CurlRequest: Sendable {
  public enum Body: Sendable {
    case none
    case bytes([UInt8])
    case form([FormItem])
  }

  /// A field or file of a form.
  public struct FormItem: Sendable {
    public enum Content: Sendable {
      case bytes([UInt8])
      case file(String)
    }
    public var name: String
    public var filename: String?
    public var content: Content

    public init(name: String, filename: String? = nil, content: Content) {
      self.name = name
      self.filename = filename
      self.content = content
    }
  }

  public enum Authentication: Sendable {
    /// `user:password`
    case basic(String)
    case digest(String)
  }

  public var method = "GET"
  public var url = ""
  public var headers: [(name: String, value: String)] = []
  public var body = Body.none
  /// Milliseconds.
  public var connectTimeout = 5000
  /// Milliseconds, from the connection to the last byte; between two pieces of a streamed answer.
  public var responseTimeout = 5000
  /// Nil: a redirect is an answer like others.
  public var maxRedirects: Int?
  public var acceptsCompressed = false
  public var authentication: Authentication?
  public var proxy: String?
  public var checksCertificate = true
  public var authorities: String?
  /// Bytes, after decompression.
  public var maxResponseSize = 100 << 20
  /// Numeric addresses that the host of the url stands for; no others are connected to. Nil: any.
  public var addresses: [String]?
  /// The answer is handed over when its head is there, its body piece by piece.
  public var isStreamed = false

  public init() {}
}

/// What a server answered.
public struct CurlResponse: Sendable {
  public var status = 0
  /// Names in lower case, in the server's order.
  public var headers: [(name: String, value: String)] = []
  /// Empty when it is streamed.
  public var body: [UInt8] = []
  /// Where redirects have led to.
  public var url = ""
  public var timing = Timing()

  public init() {}

  /// Milliseconds since the beginning.
  public struct Timing: Sendable {
    public var dnslookup = 0
    public var connected = 0
    public var waiting = 0
    public var contentDownload = 0
    /// An open connection was used.
    public var isReused = false
  }
}
