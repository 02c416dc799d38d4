import PluginABI
import Testing

@testable import Egg

/// Runs a closure as the only handler of a request.
func handle(
  _ request: FakeRequest, config: Value = [:],
  _ action: @escaping @MainActor (Context) throws -> Void
) async throws -> FakeKernel {
  let kernel = FakeKernel()
  kernel.config = config
  try await kernel.load { unit in unit.router { app in app.get("/", action: action) } }
  kernel.runNow(request, kernel.routes[0].handlers)
  return kernel
}

extension SDK {
  @Suite("Query") struct QueryTests {
    @Test func `the first value of a key counts and brackets mean nothing`() async throws {
      let request = FakeRequest("GET", "/?a=1&a=2&b[]=x&b[]=y&c%5Bd%5D=1&=z&e=%E4%BD%A0+%zz")
      _ = try await handle(request) { ctx in
        #expect(ctx.query["a"] == "1")
        #expect(ctx.query.a == "1")
        #expect(ctx.query["c[d]"] == "1")
        #expect(ctx.query["c"] == nil)
        #expect(ctx.query[""] == nil)
        #expect(ctx.query.e == "你 %zz")
        #expect(ctx.queries["a"] == ["1", "2"])
        #expect(ctx.queries["b"] == ["x", "y"])
        #expect(ctx.queries["b[]"] == ["x", "y"])
        #expect(ctx.path == "/")
        #expect(ctx.search == "?" + ctx.querystring)
      }
      #expect(request.isDone)
    }
  }
}

extension SDK {
  @Suite("Where a request comes from") struct OriginTests {
    private let headers = [
      ("Host", "egg.example.com:7001"), ("X-Forwarded-For", "1.1.1.1, 2.2.2.2 ,3.3.3.3"),
      ("X-Forwarded-Proto", "https,http"), ("X-Real-Host", "real.example.com, other"),
    ]

    @Test func `proxy headers are not believed unless config.proxy is on`() async throws {
      let request = FakeRequest("GET", "/", headers)
      request.remoteAddress = "::ffff:9.9.9.9"
      _ = try await handle(request) { ctx in
        #expect(ctx.ip == "9.9.9.9")
        #expect(ctx.ips == [])
        #expect(ctx.protocol == "http")
        #expect(!ctx.secure)
        #expect(ctx.host == "egg.example.com:7001")
        #expect(ctx.hostname == "egg.example.com")
        #expect(ctx.href == "http://egg.example.com:7001/")
        #expect(ctx.subdomains == ["egg"])
        ctx.ip = "8.8.8.8"
        #expect(ctx.request.ip == "8.8.8.8")
      }
    }

    @Test func `with a proxy its headers count`() async throws {
      let config: Value = ["proxy": true, "hostHeaders": "x-none, x-real-host", "maxIpsCount": 2]
      _ = try await handle(FakeRequest("GET", "/", headers), config: config) { ctx in
        #expect(ctx.ips == ["2.2.2.2", "3.3.3.3"])
        #expect(ctx.ip == "2.2.2.2")
        #expect(ctx.protocol == "https")
        #expect(ctx.secure)
        #expect(ctx.host == "real.example.com")
      }
    }

    @Test func `referer and referrer are one header`() async throws {
      _ = try await handle(FakeRequest("GET", "/", [("Referer", "/x")])) { ctx in
        #expect(ctx.get("referrer") == "/x")
        #expect(ctx.get("REFERER") == "/x")
        #expect(ctx.get("x-none") == "")
      }
    }
  }
}

extension SDK {
  @Suite("Answers") struct ResponseTests {
    @Test func `bodies by their kind`() async throws {
      let request = FakeRequest()
      _ = try await handle(request) { ctx in
        #expect(ctx.status == 404)
        ctx.body = "text"
        #expect(request.kind == EGG_BODY_TEXT && ctx.body as? String == "text")
        ctx.body = [1, 2, 3] as [UInt8]
        #expect(request.kind == EGG_BODY_BYTES && request.bytes == [1, 2, 3])
        ctx.body = ["a": 1]
        #expect(request.kind == EGG_BODY_JSON && request.text == #"{"a":1}"#)
        ctx.body = ["a": 1, "b": "x"] as Value
        #expect(request.text == #"{"a":1,"b":"x"}"#)
        ctx.body = nil
        #expect(request.kind == EGG_BODY_NULL && ctx.status == 204)
      }
    }

    @Test func `a status without a body drops the body`() async throws {
      let request = FakeRequest()
      _ = try await handle(request) { ctx in
        ctx.body = "text"
        ctx.status = 304
        #expect(request.kind == EGG_BODY_NULL)
        #expect(ctx.status == 304)
        ctx.status = 99
        #expect(ctx.status == 304)
      }
    }

    @Test func `header fields`() async throws {
      let request = FakeRequest()
      let kernel = try await handle(request) { ctx in
        ctx.set("X-A", "1")
        ctx.append("X-A", ["2", "3"])
        #expect(ctx.response.headers("x-a") == ["1", "2", "3"])
        ctx.remove("x-a")
        #expect(!ctx.has("X-A"))
        ctx.set("X-Bad", "a\r\nSet-Cookie: b")
        #expect(!ctx.has("X-Bad"))
        ctx.vary("Accept")
        ctx.vary("accept")
        ctx.vary("Origin")
        #expect(ctx.response.get("vary") == "Accept, Origin")
        ctx.type = "html"
        #expect(ctx.response.get("content-type") == "text/html; charset=utf-8")
        #expect(ctx.type == "text/html")
        ctx.etag = "abc"
        #expect(ctx.etag == "\"abc\"")
        ctx.lastModified = Timestamp(milliseconds: 784_111_777_000)
        #expect(ctx.response.get("last-modified") == "Sun, 06 Nov 1994 08:49:37 GMT")
        #expect(ctx.lastModified == Timestamp(milliseconds: 784_111_777_000))
        ctx.attachment("a/日本 \"x\".pdf")
        #expect(
          ctx.response.get("content-disposition")
            == #"attachment; filename="?? \"x\".pdf"; filename*=UTF-8''%E6%97%A5%E6%9C%AC%20%22x%22.pdf"#
        )
        #expect(ctx.type == "application/pdf")
      }
      #expect(kernel.logs.contains { $0.message.contains("X-Bad") })
    }

    @Test func `a matching entity tag makes a GET fresh`() async throws {
      _ = try await handle(FakeRequest("GET", "/", [("If-None-Match", "\"a\"")])) { ctx in
        ctx.status = 200
        ctx.etag = "a"
        #expect(ctx.fresh)
        ctx.etag = "b"
        #expect(ctx.stale)
      }
    }

    @Test(arguments: [
      ("/a?b=c", "/a?b=c"), ("", "/"), ("  ", "/"), ("//evil.com", "/"), ("/\\evil.com", "/"),
      ("javascript:alert(1)", "/"), ("ftp://a.com", "/"), ("back", "/"),
      ("https://a.com/x", "https://a.com/x"), ("http://a.com\\@evil.com", "/"),
      ("/a b/é", "/a%20b/%C3%A9"),
    ])
    func `redirects go only where it is safe`(url: String, location: String) async throws {
      let request = FakeRequest("GET", "/", [("Accept", "text/plain")])
      _ = try await handle(request) { ctx in ctx.redirect(url) }
      #expect(request.status == 302)
      #expect(request.responseHeader("location") == location)
      #expect(request.text == "Redirecting to \(location).")
    }

    @Test(
      arguments: [
        ("https://a.com/", nil), ("https://x.egg.dev/", "https://x.egg.dev/"),
        ("https://egg.dev/", "https://egg.dev/"), ("https://eviltegg.dev/", nil),
        ("https://EXACT.org/x", "https://EXACT.org/x"), ("https://exact.org@evil.com/", nil),
        ("http://own.example/", "http://own.example/"), ("http://own.example.evil.com/", nil),
        ("https://a1.star.org/", "https://a1.star.org/"), ("https://a1.star.org.evil.com/", nil),
        ("https://b.star.org/", nil), ("https://a.star.b.org/", nil), ("mailto:x", "/"),
      ] as [(String, String?)])
    func `with a white list other sites have to be on it`(url: String, location: String?)
      async throws
    {
      let request = FakeRequest("GET", "/", [("Host", "own.example")])
      let config: Value = [
        "security": ["domainWhiteList": [".egg.dev", "exact.org", "a*.star.org"]]
      ]
      _ = try await handle(request, config: config) { ctx in
        ctx.status = 301
        ctx.redirect(url)
      }
      // What goes nowhere is seen: 500 outside of production.
      #expect(request.status == (location == nil ? 500 : 301))
      #expect(request.responseHeader("location") == location)
    }

    @Test func `a redirect's page is escaped`() async throws {
      let request = FakeRequest("GET", "/", [("Accept", "text/html")])
      _ = try await handle(request) { ctx in ctx.redirect("/?a=1&b='2'") }
      #expect(
        request.text
          == "Redirecting to <a href=\"/?a=1&amp;b=&#39;2&#39;\">/?a=1&amp;b=&#39;2&#39;</a>.")
    }

    @Test func `a file that is not there is 404 and one that is has its type`() async throws {
      let missing = FakeRequest()
      _ = try await handle(missing) { ctx in ctx.body = FileBody("/nonexistent/x.txt") }
      #expect(missing.status == 404)
      let present = FakeRequest()
      _ = try await handle(present) { ctx in ctx.body = FileBody("/etc/hostname", offset: 1) }
      #expect(present.file?.offset == 1 && present.file?.length == -1)
    }

    @Test func `a stream waits for a slow client and ends`() async throws {
      let request = FakeRequest()
      let kernel = FakeKernel()
      kernel.streamRoom = 3
      try await kernel.load { unit in
        unit.router { app in
          app.get("/") { ctx in
            ctx.body = StreamBody { writer in
              try await writer.write("one")
              try await writer.write("two")
            }
          }
        }
      }
      kernel.runNow(request, kernel.routes[0].handlers)
      await kernel.pump { request.streamComplete != nil }
      #expect(String(decoding: request.streamed, as: UTF8.self) == "onetwo")
      #expect(request.streamComplete == true)
    }

    @Test func `a stream that fails is cut`() async throws {
      let request = FakeRequest()
      let kernel = try await handle(request) { ctx in
        ctx.body = StreamBody { _ in throw EggError("no more") }
      }
      await kernel.pump { request.streamComplete != nil }
      #expect(request.streamComplete == false)
      #expect(kernel.logs.contains { $0.message == "no more" })
    }
  }
}

extension SDK {
  @Suite("State, log and errors") struct ContextTests {
    @Test func `state starts with the application's locals and merges`() async throws {
      let kernel = FakeKernel()
      let request = FakeRequest()
      request.state["set"] = "before"
      try await kernel.load { unit in
        unit.app.locals = (["site": "egg", "set": "late"] as Value).map
        unit.router { app in
          app.get("/") { ctx in
            #expect(ctx.state.site == "egg")
            #expect(ctx.locals.set == "before")
            ctx.state.user = ["id": 1]
            ctx.locals.merge(["a": 1])
          }
        }
      }
      kernel.runNow(request, kernel.routes[0].handlers)
      #expect(request.state["user"] == ["id": 1])
      #expect(request.state["a"] == 1)
    }

    @Test func `the log gets fields`() async throws {
      let kernel = try await handle(FakeRequest()) { ctx in
        ctx.logger.with(["order": 7]).warn("late", ["by": "3s"])
        ctx.logger.error(EggError(status: 503, code: "DOWN", "db"))
      }
      #expect(kernel.logs[0].level == EGG_LOG_WARN)
      #expect(kernel.logs[0].fields == ["order": 7, "by": "3s"])
      #expect(kernel.logs[1].message == "db")
      #expect(kernel.logs[1].fields == ["code": "DOWN", "status": 503])
    }

    @Test func `errors of every kind say something`() {
      #expect(EggError(CancellationError()).status == 499)
      #expect(EggError(JSONError(message: "x", line: 1, column: 2)).status == 400)
      struct Mine: EggErrorConvertible { var eggError: EggError { EggError(status: 409, "mine") } }
      #expect(EggError(Mine()).status == 409)
      #expect(EggError("plain").expose == false)
      #expect(EggError(status: 404, "x").expose)
    }
  }
}

extension Value {
  fileprivate var map: ValueMap { object ?? ValueMap() }
}
