import Testing

@testable import Egg

extension SDK {
  /// Signatures and cipher texts were made with Python's hmac and with
  /// `openssl enc -aes-256-cbc -md md5 -nosalt -k secret`.
  @Suite("Cookies") struct CookieTests {
    private let keys: Value = ["keys": "a, b"]
    /// HMAC-SHA256 of "foo=bar" with key "a" and with key "b".
    private let byFirst = "AIGGWezuGQI1WS7tOWzFwQ9JAtTnEQzraHsQekOVig0"
    private let bySecond = "MEHL7Fgs3MIZAQvAHarwT8fEese2eUAjrfcUpF__xjU"
    private let encrypted = "BfVfLEyGqpMeWgeut9NmeA=="

    private func get(
      _ cookie: String, config: Value? = nil, signed: Bool? = nil, encrypt: Bool? = nil
    ) async throws -> (value: String?, request: FakeRequest) {
      let request = FakeRequest("GET", "/", [("Cookie", cookie)])
      var value: String?
      _ = try await handle(request, config: config ?? keys) { ctx in
        value = try ctx.cookies.get("foo", signed: signed, encrypt: encrypt)
      }
      return (value, request)
    }

    private func set(
      _ value: String?, _ options: CookieOptions = .init(), config: Value? = nil,
      prepare: (FakeRequest) -> Void = { _ in }
    ) async throws -> FakeRequest {
      let request = FakeRequest()
      prepare(request)
      _ = try await handle(request, config: config ?? keys) { ctx in
        try ctx.cookies.set("foo", value, options)
      }
      return request
    }

    @Test func `a signed cookie is read only with its signature`() async throws {
      #expect(try await get("foo=bar; foo.sig=\(byFirst)").value == "bar")
      let without = try await get("foo=bar")
      #expect(without.value == nil && without.request.cookies().isEmpty)
      #expect(try await get("foo=bar", signed: false).value == "bar")
      let wrong = try await get("foo=baz; foo.sig=\(byFirst)")
      #expect(wrong.value == nil)
      #expect(
        wrong.request.cookies() == [
          "foo.sig=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly"
        ])
    }

    @Test func `a later key still reads and the first one signs again`() async throws {
      let old = try await get("foo=bar; foo.sig=\(bySecond)")
      #expect(old.value == "bar")
      #expect(old.request.cookies() == ["foo.sig=\(byFirst); path=/; httponly"])
    }

    @Test func `setting writes cookie and signature`() async throws {
      let request = try await set("bar")
      #expect(
        request.cookies() == ["foo=bar; path=/; httponly", "foo.sig=\(byFirst); path=/; httponly"])
      let plain = try await set("bar", .init(httpOnly: false, signed: false, sameSite: .lax))
      #expect(plain.cookies() == ["foo=bar; path=/; samesite=lax"])
    }

    @Test func `attributes are written in Egg's order`() async throws {
      let request = try await set(
        "bar",
        .init(
          path: "/x", domain: "a.com", expires: Timestamp(milliseconds: 784_111_777_000),
          signed: false,
          sameSite: .some(.none), priority: .high, partitioned: true)
      ) { $0.isSecure = true }
      #expect(
        request.cookies() == [
          "foo=bar; path=/x; expires=Sun, 06 Nov 1994 08:49:37 GMT; domain=a.com; priority=high; "
            + "samesite=none; secure; httponly; partitioned"
        ])
    }

    @Test func `SameSite=None needs a secure connection and a client that knows it`() async throws {
      let plain = try await set("bar", .init(signed: false, sameSite: .some(.none)))
      #expect(plain.cookies() == ["foo=bar; path=/; httponly"])
      let old = try await set("bar", .init(signed: false, sameSite: .some(.none))) {
        $0.isSecure = true
        $0.headers = [("User-Agent", "Mozilla/5.0 (X11) Chrome/66.0.3359.181 Safari/537.36")]
      }
      #expect(old.cookies() == ["foo=bar; path=/; secure; httponly"])
    }

    @Test func `deleting expires the cookie`() async throws {
      let request = try await set(nil, .init(maxAge: .seconds(5), signed: false))
      #expect(
        request.cookies() == ["foo=; path=/; expires=Thu, 01 Jan 1970 00:00:00 GMT; httponly"])
    }

    @Test func `overwriting takes earlier cookies of the name away`() async throws {
      let request = FakeRequest()
      _ = try await handle(request, config: keys) { ctx in
        try ctx.cookies.set("a", "1", .init(signed: false))
        try ctx.cookies.set("foo", "1", .init(signed: false))
        try ctx.cookies.set("foo", "2", .init(signed: false, overwrite: true))
      }
      #expect(request.cookies() == ["a=1; path=/; httponly", "foo=2; path=/; httponly"])
    }

    @Test func `encryption is that of openssl with MD5 and no salt`() async throws {
      let config: Value = ["keys": "other,secret"]
      #expect(try await get("foo=\(encrypted)", config: config, encrypt: true).value == "egg")
      #expect(try await get("foo=\(encrypted)", config: keys, encrypt: true).value == nil)
      let request = try await set("egg", .init(encrypt: true), config: ["keys": "secret"])
      #expect(request.cookies() == ["foo=\(encrypted); path=/; httponly"])
    }

    @Test func `mistakes are refused`() async throws {
      let insecure = try await set("bar", .init(secure: true, signed: false))
      #expect(
        insecure.failure?.message == "Cannot send secure cookie over unencrypted connection")
      let keyless = try await set("bar", config: [:])
      #expect(keyless.failure?.message.hasPrefix("Please set config.keys first") == true)
      let broken = try await set("a;b", .init(signed: false))
      #expect(broken.failure != nil && broken.cookies().isEmpty)
    }

    @Test func `a cookie that is too long is sent and reported`() async throws {
      let request = FakeRequest()
      let long = String(repeating: "x", count: 4091)
      let kernel = try await handle(request, config: keys) { ctx in
        try ctx.cookies.set("foo", long, .init(signed: false))
      }
      #expect(request.cookies().count == 1)
      #expect(kernel.events.first?.0 == "cookieLimitExceed")
      #expect(kernel.logs.first?.message.hasPrefix("CookieLimitExceedError") == true)
    }

    @Test func `config.cookies gives defaults`() async throws {
      let config: Value = [
        "cookies": ["signed": false, "sameSite": "Strict", "httpOnly": false] as Value
      ]
      let request = try await set("bar", config: config)
      #expect(request.cookies() == ["foo=bar; path=/; samesite=strict"])
    }
  }
}
