import Egg

extension Context {
  /// A request to another server on behalf of this one: given up when the client leaves, and with
  /// its `traceparent`.
  ///
  /// - Throws: `CurlError`. An answer of any status is no error.
  public func curl(_ url: String, _ options: CurlOptions = .init()) async throws -> CurlResult {
    try await CurlResult(typed { try await self.call("curl", url, options.value) })
  }

  /// The same, only to addresses that `config.security.ssrf` allows: for urls of visitors.
  ///
  /// - Throws: `CurlError`; `EggError` when the plugin security is off.
  public func safeCurl(_ url: String, _ options: CurlOptions = .init()) async throws -> CurlResult {
    try await CurlResult(typed { try await self.call("safeCurl", url, options.value) })
  }

  /// Returns when the answer's head is there.
  public func curlStream(_ url: String, _ options: CurlOptions = .init()) async throws
    -> (result: CurlResult, body: CurlBody)
  {
    let value = try await typed { try await self.call("curl", url, options.streaming) }
    return (CurlResult(value), CurlBody(value.data))
  }
}

extension Application {
  /// A request to another server.
  ///
  /// - Throws: `CurlError`. An answer of any status is no error.
  public func curl(_ url: String, _ options: CurlOptions = .init()) async throws -> CurlResult {
    try await CurlResult(typed { try await self.call("curl", url, options.value) })
  }

  /// The same, only to addresses that `config.security.ssrf` allows.
  public func safeCurl(_ url: String, _ options: CurlOptions = .init()) async throws -> CurlResult {
    try await CurlResult(typed { try await self.call("safeCurl", url, options.value) })
  }

  /// Returns when the answer's head is there.
  public func curlStream(_ url: String, _ options: CurlOptions = .init()) async throws
    -> (result: CurlResult, body: CurlBody)
  {
    let value = try await typed { try await self.call("curl", url, options.streaming) }
    return (CurlResult(value), CurlBody(value.data))
  }
}

private func typed(_ work: () async throws -> Value) async throws -> Value {
  do { return try await work() } catch { throw CurlError.typed(error) }
}

extension CurlOptions {
  fileprivate var streaming: Value {
    var value = value
    value.streaming = true
    return value
  }
}
