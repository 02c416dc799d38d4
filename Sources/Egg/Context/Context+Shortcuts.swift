/// Short ways to the request and the response, named as in Koa and Egg.
extension Context {
  // MARK: request

  public var method: String { request.method }
  public var url: String { request.url }
  public var originalUrl: String { request.url }
  public var path: String { request.path }
  public var querystring: String { request.querystring }
  public var search: String { request.search }
  public var query: Query { request.query }
  public var queries: [String: [String]] { request.queries }
  public var headers: ValueMap { request.headers }
  public var host: String { request.host }
  public var hostname: String { request.hostname }
  public var `protocol`: String { request.protocol }
  public var secure: Bool { request.secure }
  public var origin: String { request.origin }
  public var href: String { request.href }
  public var subdomains: [String] { request.subdomains }
  public var ips: [String] { request.ips }
  public var ip: String {
    get { request.ip }
    set { request.ip = newValue }
  }
  public var fresh: Bool { request.fresh }
  public var stale: Bool { request.stale }
  public var idempotent: Bool { request.idempotent }
  public var acceptJSON: Bool { request.acceptJSON }
  /// Milliseconds since 1970 at which the request came.
  public var starttime: Int { request.starttime }

  /// The parameters of the route: `ctx.params["id"]`.
  public var params: Params { Params(ctx: self) }
  /// The name of the route that runs; "" when it has none, and before the router.
  public var routerName: String { request.route.name }
  /// The pattern of the route that runs: "/user/:id"; "" before the router.
  ///
  /// Set by a middleware, it is what the router looks at instead of the path of the request; it begins
  /// with "/". Once the router has looked, setting it has no effect.
  public var routerPath: String {
    get { request.route.path }
    set { request.setRoutePath(newValue) }
  }
  /// What the groups of the running route's pattern caught, as it stands in the path, not decoded; ""
  /// for one that took no part.
  public var captures: [String] { request.captures }
  /// Every route whose pattern matches the path, whatever its method, in the order of registration;
  /// empty before the router.
  public var matched: [MatchedRoute] { request.matched }
  /// A header field of the request; "" when it is absent.
  public func get(_ name: String) -> String { request.get(name) }

  public func `is`(_ types: String...) -> String? {
    request.hasBody ? request.matchingType(types) : nil
  }
  public func accepts(_ types: String...) -> String? { request.bestType(types) }
  public func acceptsEncodings(_ encodings: String...) -> String? {
    request.bestEncoding(encodings)
  }
  public func acceptsCharsets(_ charsets: String...) -> String? { request.bestCharset(charsets) }
  public func acceptsLanguages(_ languages: String...) -> String? {
    request.bestLanguage(languages)
  }

  // MARK: response

  /// The body of the answer. See `Response.body` for what may be set.
  public var body: (any Encodable)? {
    get { response.body }
    set { response.setBody(newValue) }
  }
  public var status: Int {
    get { response.status }
    set { response.status = newValue }
  }
  public var realStatus: Int {
    get { response.realStatus }
    set { response.realStatus = newValue }
  }
  public var message: String { response.message }
  public var type: String {
    get { response.type }
    set { response.type = newValue }
  }
  public var length: Int? {
    get { response.length }
    set { response.length = newValue }
  }
  public var etag: String {
    get { response.etag }
    set { response.etag = newValue }
  }
  public var lastModified: Timestamp? {
    get { response.lastModified }
    set { response.lastModified = newValue }
  }
  public var headerSent: Bool { response.headerSent }
  public func set(_ name: String, _ value: String) { response.set(name, value) }
  public func set(_ name: String, _ value: some BinaryInteger) { response.set(name, value) }
  public func set(_ name: String, _ values: [String]) { response.set(name, values) }
  public func set(_ fields: KeyValuePairs<String, String>) { response.set(fields) }
  public func append(_ name: String, _ value: String) { response.append(name, value) }
  public func append(_ name: String, _ values: [String]) { response.append(name, values) }
  public func remove(_ name: String) { response.remove(name) }
  public func has(_ name: String) -> Bool { response.has(name) }
  public func vary(_ field: String) { response.vary(field) }
  public func attachment(_ filename: String? = nil) { response.attachment(filename) }
  public func redirect(_ url: String) { response.redirect(url) }
}
