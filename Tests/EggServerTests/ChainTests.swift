import Foundation
import Testing

@Suite("The onion over the wire") struct ChainTests {
  private let order = [
    "outer in", "passer", "slow in", "plain", "catcher in", "handler", "catcher out", "slow out",
    "outer out",
  ]

  @Test func `layers run inwards and outwards in order, waiting or not`() throws {
    let response = try Shared.server().get("/onion")
    #expect(response.text == "onion")
    #expect(response.all("x-trace") == order)
  }

  @Test func `a failure is what an outer layer catches`() throws {
    let response = try Shared.server().get("/onion", "X-Fail: 1\r\nX-Catch: 1\r\n")
    #expect(response.status == 200 && response.text == "thrown")
    #expect(response.all("x-trace") == order)
  }

  @Test func `a failure that nobody catches passes every layer`() throws {
    let server = try ServerProcess()
    let response = try server.get("/onion", "X-Fail: 1\r\n")
    #expect(response.status == 409 && response.all("x-trace").isEmpty)
    #expect(response.text.contains("thrown"))
    try server.waitForCounters(["errors": 1, "late": 0])
  }

  @Test func `a spent call is stale and a filter keeps layers away`() throws {
    let server = try ServerProcess()
    for _ in 0..<20 { #expect(try server.get("/onion").text == "onion") }
    #expect(try server.get("/hello").all("x-trace").isEmpty)
    #expect(try server.counters()["late"] == 0)
  }

  @Test func `a handler that passes leaves it to the next route, and the last to 404`() throws {
    let response = try Shared.server().get("/fall/x")
    #expect(response.status == 404)
    #expect(response.all("x-trace") == ["first", "first"])
  }

  @Test(arguments: ["/lost-call", "/stale-step"])
  func `a layer that loses its call is an error, not a request without end`(path: String) throws {
    #expect(try Shared.server().get(path).status == 500)
  }

  @Test func `listeners hear of every request and every response`() throws {
    let server = try ServerProcess()
    let before = try server.counters()
    for _ in 0..<5 { _ = try server.get("/hello") }
    _ = try server.post("/all", "", "abc")
    _ = try server.post("/all", "", String(repeating: "a", count: 100_000))
    _ = try server.get("/stream/2/2")
    try server.waitForFigures(["active": 0])
    let after = try server.counters()
    #expect(after["requests"]! - before["requests"]! == 9)
    #expect(after["responses"]! - before["responses"]! == 9)
  }

  @Test func `methods and properties of other units answer`() throws {
    let server = try Shared.server()
    #expect(try server.get("/invoke/slowly").text == "ok 42")
    #expect(try server.get("/invoke/now").text == "ok 2")
    #expect(try server.get("/invoke/fails").text == "failed 418 no coffee")
    #expect(try server.get("/invoke/never").text.hasPrefix("failed 500"))
    #expect(try server.get("/invoke/unknown").text == "-4")
    #expect(try server.get("/invoke-now").text == "0:2:0 -2:0:0 -11:0:500 -11:0:418 ")
    #expect(try server.get("/properties").text == "1 2 101 101 -2 -6")
    #expect(try server.get("/background").text == "ok 42")
    #expect(try server.get("/create").text == "0 POST /made?up 1 2 -1 -1")
    #expect(try server.get("/alloc").text == "right")
  }

  @Test func `a method that outlives its request sees no other one`() throws {
    let server = try ServerProcess()
    let client = try server.connect()
    let one = "GET /invoke-and-go HTTP/1.1\r\nHost: a\r\n\r\n"
    try client.send(String(repeating: one, count: 20))
    for _ in 0..<20 { #expect(try client.response().text == "gone on") }
    try server.waitForCounters(["done": 20])
    client.close()
    try server.waitForFigures(["held": 0, "active": 0])
  }

  @Test func `state is copied, locals are released, objects live as long as the request`() throws {
    let server = try ServerProcess()
    #expect(try server.get("/state").text == "-4 value 1 1")
    // Two references of its own trees and one of the invocation, and five letters.
    #expect(try server.get("/object").text.hasPrefix("ok "))
    try server.waitForCounters(["locals": 2, "objects": 0])
  }

  @Test func `threads, timers and descriptors come back to the loop`() throws {
    let server = try ServerProcess()
    #expect(try server.get("/offload").text == "offloaded")
    #expect(try server.get("/offload", "X-Fail: 1\r\n").text == "failed")
    #expect(try server.get("/timer").text == "3 ticks 0 -6")
    #expect(try server.get("/watch").text == "1 bytes, closed 1, 0 -6")
    #expect(try server.get("/post").text == "posted")
    #expect(try server.counters()["late"] == 0)
    #expect(try server.figures()["watches"] == 0)
  }

  @Test func `a call that is over stays over`() throws {
    let server = try ServerProcess()
    #expect(try server.get("/keep").text == "kept")
    #expect(try server.get("/keep").text == "-6 -1 -6 1")
  }
}
