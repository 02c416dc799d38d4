import Testing

/// The examples of Egg's overview, in the order in which it has them.
@Suite("The overview's examples") struct OverviewTests {
  @Test func `middlewares run around the route in the order of the configuration`() throws {
    let seed = try Serving()
    let answer = try seed.get("/test")
    #expect(answer.body == "seed_1557571399151_5747")
    let log = seed.end().log
    let printed = log.split(separator: "\n").compactMap { line -> String? in
      for start in ["hello middleware", "seed_1557"] {
        if let found = line.range(of: start) { return String(line[found.lowerBound...]) }
      }
      return nil
    }
    #expect(
      printed == [
        "hello middleware start one11111111Two111!",
        "hello middleware start two 2222222！",
        "hello middleware start one33333",
        "seed_1557571399151_5747",
        "hello middleware end one33333",
        "hello middleware end two 2222222！",
        "hello middleware end one11111111Two111!",
      ])
  }

  @Test func `beforeStart has loaded the posts when the first request comes`() throws {
    let seed = try Serving.shared.get()
    #expect(try seed.cached("posts") == #"["first","second"]"#)
    #expect(try seed.cached("posts.method") == "GET")
    #expect(try seed.cached("ready") == "true")
  }

  @Test func `server, request, response and error are events`() throws {
    let seed = try Serving()
    #expect(try seed.cached("event.server") == "true")
    // The request that asks is the one that was announced last.
    #expect(try seed.cached("event.request") == "/user/fetch?id=event.request")
    _ = try seed.get("/late")
    let response = try seed.cached("event.response")
    let used = response.split { !$0.isNumber }.first.flatMap { Int($0) } ?? -1
    #expect(response.hasSuffix(#""status":200}"#))
    #expect((20..<5000).contains(used), "\(response): /late takes 20 ms")
    _ = try seed.get("/broken")
    #expect(
      try seed.cached("event.error") == #"{"message":"the secret of the server","url":"/broken"}"#)
  }

  @Test func `a controller reads app.cache by the query`() throws {
    let seed = try Serving.shared.get()
    #expect(try seed.get("/user/fetch?id=posts").status == 200)
    #expect(try seed.get("/user/fetch?id=nothing").status == 204)
  }

  @Test func `a route ends in a controller that asks a service`() throws {
    let seed = try Serving.shared.get()
    let answer = try seed.get("/user/11")
    #expect(answer.body == #"{"user":{"asked":1,"id":11,"name":"user 11"}}"#)
    #expect(answer["content-type"] == "application/json; charset=utf-8")
    #expect(try seed.get("/").body == "hi, egg")
  }

  @Test func `a post is created from the body`() throws {
    let seed = try Serving()
    let answer = try seed.ask(
      "POST", "/post", ["Content-Type": "application/json", "X-User": "ada"],
      body: #"{"title":"蛋","content":"…"}"#)
    #expect(answer.status == 201)
    #expect(answer.body == #"{"id":1,"stored":{"title":"蛋","content":"…","author":"ada"}}"#)
  }

  @Test func `a helper formats messages`() throws {
    let body = try Serving.shared.get().get("/helper").body
    #expect(body.hasPrefix(#"{"meta":{"timestamp":1"#))
    #expect(
      body.hasSuffix(
        #","client":"c","target":"t"},"data":{"action":"exchange","payload":{"msg":"test"}}}"#))
  }
}
