internal import EggHTTPSemantics
internal import PluginABI

/// What the client sent. Parts of it are also on the context: `ctx.query`, `ctx.get("host")`.
public struct Request {
  public let ctx: Context

  public var app: Application { ctx.app }
  private var http: UnsafePointer<egg_http> { ctx.kernel.http }
  private var table: UnsafePointer<egg_host> { ctx.kernel.table }

  // MARK: the head

  /// "GET"
  public var method: String { ctx.head.method.string }
  /// As the client sent it: "/users?page=2".
  public var url: String { ctx.head.target.string }
  public var originalUrl: String { url }
  /// Not percent-decoded.
  public var path: String { ctx.head.path.string }
  /// Without "?".
  public var querystring: String { ctx.head.query.string }
  /// With "?", empty without a query.
  public var search: String { querystring.isEmpty ? "" : "?" + querystring }
  /// 10 or 11.
  public var httpVersion: Int { Int(ctx.head.version) }
  public var socketAddress: String { ctx.head.remote_address.string }
  public var socketPort: Int { Int(ctx.head.remote_port) }
  /// Milliseconds since 1970 at which the request came.
  public var starttime: Int { Int(ctx.head.started_ms) }
  public var isAnonymous: Bool { flag(EGG_REQUEST_ANONYMOUS) }
  /// The client asks for another protocol on this connection, WebSocket for one.
  public var wantsUpgrade: Bool { flag(EGG_REQUEST_UPGRADE) }

  private func flag(_ flag: Int) -> Bool { Int(ctx.head.flags) & flag != 0 }

  /// A header field, case-insensitive; "" when it is absent. `Referer` is `Referrer`.
  public func get(_ name: String) -> String { header(name) ?? "" }

  /// A header field; nil when it is absent.
  public func header(_ name: String) -> String? {
    if let value = field(name) { return value }
    switch name.utf8.count {
    case 7 where name.lowercased() == "referer": return field("referrer")
    case 8 where name.lowercased() == "referrer": return field("referer")
    default: return nil
    }
  }

  private func field(_ name: String, _ nth: UInt32 = 0) -> String? {
    var out = egg_str()
    let status = name.withEggString {
      http.pointee.header(table, ctx.token, $0, nth, &out)
    }
    return status == Status.ok ? out.string : nil
  }

  /// Every value of a field that may occur more than once.
  public func headers(_ name: String) -> [String] {
    var all: [String] = []
    while let value = field(name, UInt32(all.count)) { all.append(value) }
    return all
  }

  /// Every field; names in lower case, several of one name joined with ", ".
  public var headers: ValueMap {
    var map = ValueMap()
    var (name, value) = (egg_str(), egg_str())
    for place in 0..<ctx.head.header_count
    where http.pointee.header_at(table, ctx.token, place, &name, &value) == Status.ok {
      let key = name.string.lowercased()
      map[key] = .text((map[key]?.string).map { $0 + ", " + value.string } ?? value.string)
    }
    return map
  }

  var route: (name: String, path: String) {
    var (name, path) = (egg_str(), egg_str())
    guard http.pointee.route(table, ctx.token, &name, &path) == Status.ok else { return ("", "") }
    return (name.string, path.string)
  }

  var captures: [String] {
    var texts: [String] = []
    var text = egg_str()
    while http.pointee.capture_at(table, ctx.token, UInt32(texts.count), &text) == Status.ok {
      texts.append(text.string)
    }
    return texts
  }

  var matched: [MatchedRoute] {
    var routes: [MatchedRoute] = []
    var (name, path) = (egg_str(), egg_str())
    while http.pointee.matched_at(table, ctx.token, UInt32(routes.count), &name, &path)
      == Status.ok
    {
      routes.append(MatchedRoute(name: name.string, path: path.string))
    }
    return routes
  }

  func setRoutePath(_ path: String) {
    let status = path.withEggString { http.pointee.set_route_path(table, ctx.token, $0) }
    if status != Status.ok, status != Status.stale {
      ctx.logger.warn("ctx.routerPath = \"\(path)\": \(Status.text(status))")
    }
  }

  // MARK: the query

  /// The first value of every key, as text.
  public var query: Query {
    if let known = ctx.lazyIfAny?.query { return known }
    let query = Query(queryItems(ctx.head.query.bytes).map { ($0.name, $0.value) })
    ctx.lazy.query = query
    return query
  }

  /// Every value of every key; a key `b[]` is there as `b` too.
  public var queries: [String: [String]] { query.lists }

  // MARK: the body

  /// What the body parser made of the body; an empty object without one.
  public var body: Value {
    get {
      var out = egg_value()
      guard http.pointee.body(table, ctx.token, &out) == Status.ok else { return [:] }
      // The tree stays as it is while the request lasts, and another body is another tree.
      let tree = out.count > 0 && Int(out.kind) == EGG_MAP ? UnsafeRawPointer(out.as.pairs) : nil
      if let tree, let read = ctx.lazyIfAny?.requestBody, read.tree == tree { return read.value }
      let value = Value(out, host: ctx.kernel)
      if let tree { ctx.lazy.requestBody = (tree, value) }
      return value.isUndefined ? [:] : value
    }
    nonmutating set {
      withEggValue(newValue) { _ = http.pointee.set_body(table, ctx.token, $0) }
    }
  }

  /// The body as one of your types.
  ///
  /// - Throws: `EggError` with status 422 that names what does not fit.
  public func decode<T: Decodable>(_ type: T.Type = T.self) throws -> T {
    do {
      return try body.decode(type)
    } catch let error as DecodingError {
      throw EggError(status: 422, code: "invalid_param", error.summary)
    }
  }

  /// The text that the body parser read; nil without.
  public var rawBody: String? {
    var out = egg_str()
    return http.pointee.raw_body(table, ctx.token, &out) == Status.ok ? out.string : nil
  }

  /// The length that the client announced, in bytes; nil when it did not.
  public var length: Int? {
    let length = ctx.head.body_length
    return length >= 0 && header("content-length") != nil ? Int(length) : nil
  }

  public var hasBody: Bool { ctx.head.body_length != 0 }

  /// Reads the whole body, for plugins that parse it.
  ///
  /// - Parameter limit: bytes; a longer one is `EggError` with status 413.
  public func readAll(limit: Int) async throws -> [UInt8] {
    let (http, table, call) = (http, table, ctx.token)
    let value = try await Awaited.value(ctx.kernel, "request.readAll") { done, state in
      http.pointee.read_all(table, call, max(0, limit), done, state)
    }
    return value.bytes ?? []
  }

  /// A client that ends its side before the answer is there counts as gone: the task is cancelled,
  /// as it is when the connection breaks. For answers that may be long in coming.
  public func cancelOnEnd() {
    let offset = MemoryLayout<egg_http>.offset(of: \.cancel_on_end) ?? Int.max
    guard Int(http.pointee.size) > offset else { return }
    _ = http.pointee.cancel_on_end(table, ctx.token)
  }

  /// The next piece of the body, nil at its end. The client is held back meanwhile.
  public func readSome() async throws -> [UInt8]? {
    let (http, table, call) = (http, table, ctx.token)
    return try await Awaited.value(ctx.kernel, "request.readSome") { done, state in
      http.pointee.read_some(table, call, done, state)
    }.bytes
  }

  // MARK: type and negotiation

  /// The media type without parameters: "application/json"; "" without.
  public var type: String { header("content-type").flatMap { MediaType($0)?.essence } ?? "" }
  public var charset: String { header("content-type").flatMap { MediaType($0)?.charset } ?? "" }

  /// Which of the types the body has: `ctx.is("json", "urlencoded")`; nil when none or no body.
  public func `is`(_ types: String...) -> String? { hasBody ? matchingType(types) : nil }
  func matchingType(_ types: [String]) -> String? { typeIs(header("content-type"), types) }

  /// The best of the types that the client accepts; nil when none.
  public func accepts(_ types: String...) -> String? { bestType(types) }
  public func acceptsEncodings(_ encodings: String...) -> String? { bestEncoding(encodings) }
  public func acceptsCharsets(_ charsets: String...) -> String? { bestCharset(charsets) }
  public func acceptsLanguages(_ languages: String...) -> String? { bestLanguage(languages) }

  func bestType(_ types: [String]) -> String? {
    EggHTTPSemantics.accepts(types: types, header: header("accept"))
  }
  func bestEncoding(_ encodings: [String]) -> String? {
    EggHTTPSemantics.accepts(encodings: encodings, header: header("accept-encoding"))
  }
  func bestCharset(_ charsets: [String]) -> String? {
    EggHTTPSemantics.accepts(charsets: charsets, header: header("accept-charset"))
  }
  func bestLanguage(_ languages: [String]) -> String? {
    EggHTTPSemantics.accepts(languages: languages, header: header("accept-language"))
  }
  /// Everything that the client accepts, the most welcome first.
  public var acceptedTypes: [String] { EggHTTPSemantics.acceptedTypes(header("accept")) }
  public var acceptedEncodings: [String] {
    EggHTTPSemantics.acceptedEncodings(header("accept-encoding"))
  }
  public var acceptedLanguages: [String] {
    EggHTTPSemantics.acceptedLanguages(header("accept-language"))
  }

  /// The client wants JSON: the path ends in `.json`, the answer is JSON already, or JSON is what
  /// it likes best of html, text and json.
  public var acceptJSON: Bool {
    if path.hasSuffix(".json") { return true }
    if ctx.response.type.hasSuffix("json") { return true }
    return accepts("html", "text", "json") == "json"
  }

  // MARK: freshness

  /// The client's copy is still good: GET or HEAD, a 2xx or 304 answer, and matching validators.
  public var fresh: Bool {
    let status = ctx.status
    guard method == "GET" || method == "HEAD", (200..<300).contains(status) || status == 304 else {
      return false
    }
    return isFresh(
      ifNoneMatch: header("if-none-match"), ifModifiedSince: header("if-modified-since"),
      cacheControl: header("cache-control"), etag: ctx.response.header("etag"),
      lastModified: ctx.response.header("last-modified"))
  }
  public var stale: Bool { !fresh }
  /// Repeating the request changes nothing.
  public var idempotent: Bool {
    ["GET", "HEAD", "PUT", "DELETE", "OPTIONS", "TRACE"].contains(method)
  }
}
