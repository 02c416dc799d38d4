import Foundation
import Testing

@Suite("Connections") struct ConnectionTests {
  let get = "GET /hello HTTP/1.1\r\nHost: a\r\n\r\n"

  @Test func `pipelined requests are answered in order, also behind one that waits`() throws {
    let client = try Shared.server().connect()
    try client.send(
      "GET /later/50 HTTP/1.1\r\nHost: a\r\n\r\n" + get
        + "POST /all HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc"
        + "GET /status/404 HTTP/1.1\r\nHost: a\r\n\r\n" + get)
    #expect(try client.response().text == "later")
    #expect(try client.response().text == "hello")
    #expect(try client.response().text == "abc")
    #expect(try client.response().status == 404)
    #expect(try client.response().text == "hello")
  }

  @Test func `a thousand pipelined requests get a thousand answers`() throws {
    let client = try Shared.server().connect()
    try client.send(String(repeating: get, count: 1000))
    for _ in 0..<1000 { #expect(try client.response().text == "hello") }
  }

  @Test func `HTTP 1,1 stays open until somebody says close`() throws {
    let client = try Shared.server().connect()
    try client.send(get)
    #expect(try client.response()["connection"] == nil)
    try client.send("GET /hello HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n" + get)
    #expect(try client.response()["connection"] == "close")
    #expect(try client.isClosed())
  }

  @Test func `HTTP 1,0 closes unless it asks to stay`() throws {
    let first = try Shared.server().connect()
    try first.send("GET /hello HTTP/1.0\r\n\r\n")
    let response = try first.response()
    #expect(response.text == "hello" && response["connection"] == "close")
    #expect(try first.isClosed())
    let second = try Shared.server().connect()
    try second.send("GET /hello HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    #expect(try second.response()["connection"] == "keep-alive")
    try second.send("GET /stream/2/3 HTTP/1.0\r\nConnection: keep-alive\r\n\r\n")
    // Without chunks the end of the stream is the end of the connection.
    let stream = try second.response()
    #expect(stream.text == "ssssss" && stream["transfer-encoding"] == nil)
    #expect(stream["connection"] == "close")
  }

  @Test func `HEAD answers with the head of GET and nothing else`() throws {
    let client = try Shared.server().connect()
    for path in ["/hello", "/payload/9000", "/stream/1/5", "/kind/empty"] {
      try client.send("HEAD \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
      let head = try client.response(toHead: true)
      try client.send("GET \(path) HTTP/1.1\r\nHost: a\r\n\r\n")
      let full = try client.response()
      #expect(head.status == full.status)
      #expect(head["content-length"] == full["content-length"])
      #expect(head["content-type"] == full["content-type"])
      #expect(head["transfer-encoding"] == full["transfer-encoding"])
    }
  }

  @Test func `a client that ended its side gets all its answers`() throws {
    let server = try Shared.server()
    let once = try server.connect()
    try once.send(get)
    once.finishSending()
    #expect(try once.response().text == "hello")
    #expect(try once.isClosed())
    let waiting = try server.connect()
    try waiting.send("GET /later/50 HTTP/1.1\r\nHost: a\r\n\r\n" + get + get)
    waiting.finishSending()
    #expect(try waiting.response().text == "later")
    #expect(try waiting.response().text == "hello")
    #expect(try waiting.response().text == "hello")
    #expect(try waiting.isClosed())
    let large = try server.connect()
    try large.send("GET /payload/8000000 HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")
    large.finishSending()
    usleep(30_000)
    #expect(try large.response().body.count == 8_000_000)
  }

  @Test func `a client that does not read fills no memory with pipelined answers`() throws {
    let server = try ServerProcess()
    let client = try Client(port: server.port, receiveBuffer: 8192)
    let before = try server.memory()
    let many = String(repeating: "GET /payload/1000000 HTTP/1.1\r\nHost: a\r\n\r\n", count: 300)
    try client.send(many)
    usleep(100_000)
    #expect(try server.memory() - before < 60_000_000)
    for _ in 0..<300 { #expect(try client.response().body.count == 1_000_000) }
    client.close()
    try server.waitForCounters(["released": 300])
  }

  @Test func `ten thousand connections are served`() throws {
    var limit = rlimit()
    getrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    limit.rlim_cur = limit.rlim_max
    setrlimit(__rlimit_resource_t(RLIMIT_NOFILE.rawValue), &limit)
    let count = TLSOptions.scaled(min(10_000, Int(limit.rlim_max) - 500))
    let server = try ServerProcess()
    var clients: [Client] = []
    for _ in 0..<count { clients.append(try server.connect()) }
    try server.waitForFigures(["connections": count])
    let before = try server.memory()
    for round in 0..<2 {
      for client in clients { try client.send(get) }
      for client in clients {
        let text = try client.response().text
        if text != "hello" { Issue.record("round \(round): \(text)") }
      }
    }
    // Idle connections hold no buffers.
    #expect(try server.memory() - before < 60_000_000)
    for client in clients { client.close() }
    try server.waitForFigures(["connections": 0, "active": 0, "held": 0])
  }
}
