import CurlEngine
import Egg

/// What `curl` does around one exchange: options, attempts, events, the form of the result.
final class HTTPClient {
  private let app: Application
  private let pool: CurlPool
  /// Connections whose address was checked are not shared with those that were not.
  private let safePool: CurlPool
  private let defaults: Value
  private let isTracing: Bool
  let interceptors = Interceptors()

  /// - Throws: `EggError` that names the key of `config.httpclient` which does not fit.
  init(_ app: Application) throws {
    self.app = app
    let config = app.config.httpclient
    defaults = config.request
    isTracing = config.tracing.bool ?? true
    // Read once with the defaults alone, so that a mistake refuses the start.
    _ = try CurlOptions("http://localhost/", defaults, place: "config.httpclient.request")
    let agent = config.httpAgent
    var limits = CurlPool.Limits()
    limits.free = try Self.number(agent, "maxFreeSockets", limits.free)
    limits.perHost = try Self.number(agent, "maxSockets", limits.perHost)
    limits.total = try Self.number(agent, "maxTotalSockets", limits.total)
    limits.freeTimeout = try Self.number(agent, "freeSocketTimeout", limits.freeTimeout)
    guard let pool = CurlPool(app, limits), let safePool = CurlPool(app, limits) else {
      throw EggError(code: "EGG_CONFIG", "libcurl cannot be set up")
    }
    self.pool = pool
    self.safePool = safePool
  }

  private static func number(_ agent: Value, _ key: String, _ usual: Int) throws -> Int {
    guard agent[key].exists else { return usual }
    guard let number = agent[key].int, (0...1_000_000_000).contains(number) else {
      throw EggError(
        code: "EGG_CONFIG",
        "config.httpclient.httpAgent.\(key): expected a number from 0, found \(agent[key].json)")
    }
    return number
  }

  func close() {
    pool.close()
    safePool.close()
  }

  // MARK: curl

  func curl(_ args: Arguments, _ ctx: Context?) async throws -> Value {
    let options = try options(args, ctx)
    return try await attempts(options, args[1], ctx) { [self] in
      let (exchange, response) = try await exchange(options.request, pool)
      return (exchange, response)
    }
  }

  /// Only to addresses that `config.security.ssrf` allows, also behind redirects.
  func safeCurl(_ args: Arguments, _ ctx: Context?) async throws -> Value {
    let options = try options(args, ctx)
    return try await attempts(options, args[1], ctx) { [self] in
      var request = options.request
      // The proxy would be what connects, and nobody could tell to where.
      request.proxy = nil
      let redirects = request.maxRedirects ?? 0
      request.maxRedirects = nil
      for hop in 0...redirects {
        guard let place = CurlURL(request.url) else {
          throw CurlFailure(.argument, "this is no url of http or https")
        }
        request.addresses = try await allowedAddresses(place)
        let (exchange, response) = try await exchange(request, safePool)
        guard hop < redirects, let next = request.redirect(response) else {
          return (exchange, response)
        }
        exchange.cancel()
        request = next
      }
      throw CurlFailure(.response, "more than \(redirects) redirects")
    }
  }

  private func options(_ args: Arguments, _ ctx: Context?) throws -> CurlOptions {
    guard let url = args[0].string, CurlURL(url) != nil else {
      throw EggError(
        code: "EGG_CURL_ARGUMENT",
        "curl: expected a url of http or https, found \(args[0].kindName)")
    }
    var options = try CurlOptions(url, merged(args[1]), place: "curl")
    if isTracing, let ctx, !options.has("traceparent") {
      options.request.headers.append(("traceparent", ctx.traceparent))
    }
    return options
  }

  /// The caller's options in place of the configured ones.
  private func merged(_ options: Value) -> Value {
    var map = defaults.object ?? ValueMap()
    if let members = options.object { map.merge(members) }
    return .map(map)
  }

  private func allowedAddresses(_ place: CurlURL) async throws -> [String] {
    let host = place.host
    let found = try await app.runBlocking { Addresses.of(host) }
    guard !found.isEmpty else {
      throw CurlFailure(.connect, "\(host): there is no address of this name")
    }
    var allowed: [String] = []
    for address in found where try await app.call("isSafeAddress", address, host).bool == true {
      allowed.append(address)
    }
    guard !allowed.isEmpty else {
      throw CurlFailure(
        .address,
        "\(host): config.security.ssrf allows none of its addresses, \(found.joined(separator: ", "))"
      )
    }
    return allowed
  }

  private func exchange(_ request: CurlRequest, _ pool: CurlPool) async throws -> (
    CurlExchange, CurlResponse
  ) {
    let exchange = try pool.send(request)
    let loop = app.loop
    let response = try await withTaskCancellationHandler {
      try await exchange.answer()
    } onCancel: {
      loop.post { exchange.cancel() }
    }
    return (exchange, response)
  }

  // MARK: around it

  private func attempts(
    _ options: CurlOptions, _ given: Value, _ ctx: Context?,
    _ send: () async throws -> (CurlExchange?, CurlResponse)
  ) async throws -> Value {
    var left = options.retry
    while true {
      let start = app.loop.nowNanoseconds
      app.emit("httpclient:request", options.shown, ctx: ctx)
      do {
        let (exchange, response): (CurlExchange?, CurlResponse)
        if let told = try await interceptors.answer(options, given, ctx) {
          if told.delay > 0 { try await pause(told.delay) }
          (exchange, response) = (nil, told.response)
        } else {
          (exchange, response) = try await send()
        }
        report(options, response, ctx)
        if response.status >= 500, left > 0 {
          exchange?.cancel()
        } else {
          return try result(options, exchange, response)
        }
      } catch let failure as CurlFailure {
        report(options, failure, since: start, ctx)
        let mayRepeat: [CurlFailure.Kind] = [
          .connect, .connectTimeout, .responseTimeout, .response,
        ]
        guard left > 0, mayRepeat.contains(failure.kind) else {
          throw EggError(code: failure.kind.rawValue, failure.message, cause: failure)
        }
      }
      left -= 1
      if options.retryDelay > 0 { try await pause(options.retryDelay) }
    }
  }

  private func pause(_ milliseconds: Int) async throws {
    let loop = app.loop
    try await withUnsafeThrowingContinuation {
      (continuation: UnsafeContinuation<Void, any Error>) in
      do {
        try loop.timer(after: .milliseconds(milliseconds)) { continuation.resume() }
      } catch {
        continuation.resume(throwing: error)
      }
    }
    try Task.checkCancellation()
  }

  private func report(_ options: CurlOptions, _ response: CurlResponse, _ ctx: Context?) {
    var event = options.shown
    event.status = .integer(response.status)
    event.timing = response.timing.value
    event["size"] = .integer(response.body.count)
    app.emit("httpclient:response", event, ctx: ctx)
  }

  private func report(
    _ options: CurlOptions, _ failure: CurlFailure, since start: UInt64, _ ctx: Context?
  ) {
    var event = options.shown
    event.error = ["code": failure.kind.rawValue, "message": failure.message] as Value
    event.timing = ["contentDownload": Int((app.loop.nowNanoseconds - start) / 1_000_000)]
    app.emit("httpclient:response", event, ctx: ctx)
  }

  private func result(
    _ options: CurlOptions, _ exchange: CurlExchange?, _ response: CurlResponse
  ) throws -> Value {
    let data: Value =
      if options.request.isStreamed {
        exchange.map { app.value(of: CurlStream($0)) } ?? app.value(of: FixedStream(response.body))
      } else {
        try options.dataType.value(of: response.body)
      }
    return [
      "status": response.status, "headers": response.headerValues, "data": data,
      "url": response.url, "timing": response.timing.value,
    ]
  }
}

/// The body of an answer while it arrives.
final class CurlStream: ExportedObject {
  let objectType = "egg.httpclient.stream/1"
  private let exchange: CurlExchange

  init(_ exchange: CurlExchange) { self.exchange = exchange }

  isolated deinit { exchange.cancel() }

  /// - `read()`: bytes, or undefined at the end; `abort()`.
  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    switch method {
    case "read":
      do {
        return try await exchange.read().map { .data($0) } ?? .undefined
      } catch let failure as CurlFailure {
        throw EggError(code: failure.kind.rawValue, failure.message, cause: failure)
      }
    case "abort":
      exchange.cancel()
      return .undefined
    default: throw noSuchMethod(method)
    }
  }
}

extension CurlResponse {
  /// Names in lower case; what occurs twice is a list for `set-cookie` and joined otherwise.
  fileprivate var headerValues: Value {
    var map = ValueMap()
    for (name, value) in headers {
      guard let earlier = map[name] else {
        map[name] = name == "set-cookie" ? .list([.text(value)]) : .text(value)
        continue
      }
      map[name] =
        earlier.array.map { .list($0 + [.text(value)]) }
        ?? .text((earlier.string ?? "") + ", " + value)
    }
    return .map(map)
  }
}

extension CurlResponse.Timing {
  fileprivate var value: Value {
    [
      "dnslookup": dnslookup, "connected": connected, "waiting": waiting,
      "contentDownload": contentDownload, "isReused": isReused,
    ] as Value
  }
}

extension CurlRequest {
  /// What is to be sent next when `response` is a redirect.
  ///
  /// - Source: Fetch, "HTTP-redirect fetch": 303, and 301 and 302 behind a POST, become GET.
  fileprivate func redirect(_ response: CurlResponse) -> CurlRequest? {
    guard [301, 302, 303, 307, 308].contains(response.status),
      let location = response.headers.first(where: { $0.name == "location" })?.value,
      let url = CurlURL.resolve(location, against: self.url)
    else { return nil }
    var next = self
    next.url = url
    let becomesGet =
      response.status == 303 && method != "HEAD" || response.status < 303 && method == "POST"
    if becomesGet {
      next.method = "GET"
      next.body = .none
      next.headers.removeAll { $0.name.lowercased().hasPrefix("content-") }
    }
    let (old, new) = (CurlURL(self.url), CurlURL(url))
    if old?.host != new?.host || old?.port != new?.port || old?.scheme != new?.scheme {
      // Another server must not learn who we are at this one.
      next.authentication = nil
      next.headers.removeAll { ["authorization", "cookie"].contains($0.name.lowercased()) }
    }
    return next
  }
}
