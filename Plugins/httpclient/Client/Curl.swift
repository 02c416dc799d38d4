import Egg

/// How a request to another server is made; what is nil is as `config.httpclient.request` says.
///
///     let result = try await ctx.curl("https://api.test/posts", .init(method: "POST",
///       data: ["title": "Hi"], contentType: "json", dataType: .json))
///     result.status           // 201
///     result.data.id.int      // 7
public struct CurlOptions {
  public enum DataType: String, Sendable { case json, text, buffer }

  public var method: String?
  /// The query of GET and HEAD; otherwise the body, as a form, or JSON by `contentType`.
  public var data: Value?
  /// The body as it is: text or bytes.
  public var content: Value?
  /// `"json"`, or a media type.
  public var contentType: String?
  public var dataType: DataType?
  public var headers: [String: String] = [:]
  /// By name of the field: a path as text, bytes, or `["filename": …, "content": …]`.
  public var files: Value?
  /// Until there is a connection, and from there to the whole answer.
  public var timeout: (connect: Duration, response: Duration)?
  public var followRedirect: Bool?
  public var maxRedirects: Int?
  /// More attempts after a failure or a status from 500 on.
  public var retry: Int?
  public var retryDelay: Duration?
  /// `user:password`
  public var auth: String?
  public var digestAuth: String?
  public var proxy: String?
  public var gzip: Bool?
  /// A file of certificates in PEM.
  public var ca: String?
  public var rejectUnauthorized: Bool?
  /// Bytes.
  public var maxResponseSize: Int?

  public init(
    method: String? = nil, data: Value? = nil, content: Value? = nil, contentType: String? = nil,
    dataType: DataType? = nil, headers: [String: String] = [:], files: Value? = nil
  ) {
    self.method = method
    self.data = data
    self.content = content
    self.contentType = contentType
    self.dataType = dataType
    self.headers = headers
    self.files = files
  }

  var value: Value {
    var map = ValueMap()
    map["method"] = method.map { .text($0) }
    map["data"] = data
    map["content"] = content
    map["contentType"] = contentType.map { .text($0) }
    map["dataType"] = dataType.map { .text($0.rawValue) }
    if !headers.isEmpty {
      map["headers"] = .map(ValueMap(headers.sorted { $0.key < $1.key }.map { ($0, .text($1)) }))
    }
    map["files"] = files
    map["timeout"] = timeout.map {
      .list([.integer($0.connect.milliseconds), .integer($0.response.milliseconds)])
    }
    map["followRedirect"] = followRedirect.map { .boolean($0) }
    map["maxRedirects"] = maxRedirects.map { .integer($0) }
    map["retry"] = retry.map { .integer($0) }
    map["retryDelay"] = retryDelay.map { .integer($0.milliseconds) }
    map["auth"] = auth.map { .text($0) }
    map["digestAuth"] = digestAuth.map { .text($0) }
    map["proxy"] = proxy.map { .text($0) }
    map["gzip"] = gzip.map { .boolean($0) }
    map["ca"] = ca.map { .text($0) }
    map["rejectUnauthorized"] = rejectUnauthorized.map { .boolean($0) }
    map["maxResponseSize"] = maxResponseSize.map { .integer($0) }
    return .map(map)
  }
}

/// What another server answered.
public struct CurlResult {
  public let status: Int
  /// Names in lower case; `set-cookie` is a list.
  public let headers: Value
  /// By `dataType`: decoded JSON, text, or bytes.
  public let data: Value
  /// Where redirects have led to.
  public let url: String
  /// Milliseconds: `dnslookup`, `connected`, `waiting`, `contentDownload`; and `isReused`.
  public let timing: Value

  init(_ value: Value) {
    status = value.status.int ?? 0
    headers = value.headers
    data = value.data
    url = value.url.string ?? ""
    timing = value.timing
  }
}

/// Why there is no answer.
public struct CurlError: EggErrorConvertible, CustomStringConvertible {
  public enum Kind: String, Sendable {
    case argument = "EGG_CURL_ARGUMENT"
    case connect = "EGG_CURL_CONNECT"
    case connectTimeout = "EGG_CURL_CONNECT_TIMEOUT"
    case responseTimeout = "EGG_CURL_RESPONSE_TIMEOUT"
    case response = "EGG_CURL_RESPONSE"
    case address = "EGG_CURL_ADDRESS"
    case cancelled = "EGG_CURL_CANCELLED"
  }

  public let kind: Kind
  public let message: String

  public var description: String { "\(kind.rawValue) \(message)" }
  public var eggError: EggError { EggError(code: kind.rawValue, message) }

  /// The plugin's errors lose their type on the way; their code tells what they were.
  static func typed(_ error: any Error) -> any Error {
    guard let error = error as? EggError else { return error }
    guard let kind = Kind(rawValue: error.code) else {
      guard error.code == "EGG_NOT_FOUND", error.message.contains("url\"") else { return error }
      return EggError(
        code: error.code, "curl needs the plugin httpclient; enable it in config/plugin.json")
    }
    return CurlError(kind: kind, message: error.message)
  }
}
