import Foundation
import Testing

@Suite("Clients that leave and time that runs out") struct LeavingTests {
  @Test func `a reset at any point leaks nothing`() throws {
    let server = try ServerProcess()
    func leave(_ text: String, afterSome: Bool = false) throws {
      let client = try server.connect()
      try client.send(text)
      if afterSome { try client.receive() }
      client.reset()
    }
    func round() throws {
      for _ in 0..<TLSOptions.scaled(40) {
        try leave("")
        try leave("GET /hel")
        try leave("POST /all HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc")
        try leave("POST /some HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nab")
        try leave(
          "POST /parsed HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 9\r\n\r\n["
        )
        try leave("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
        try leave("GET /later/5 HTTP/1.1\r\nHost: a\r\n\r\n")
        try leave("GET /onion HTTP/1.1\r\nHost: a\r\n\r\n")
        try leave("GET /invoke/slowly HTTP/1.1\r\nHost: a\r\n\r\n")
        try leave("GET /offload HTTP/1.1\r\nHost: a\r\n\r\n")
        try leave("GET /stream/100000/1000 HTTP/1.1\r\nHost: a\r\n\r\n", afterSome: true)
        try leave("GET /payload/5000000 HTTP/1.1\r\nHost: a\r\n\r\n")
        try leave(
          "GET /upgrade HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",
          afterSome: true)
      }
      try server.waitForFigures([
        "connections": 0, "active": 0, "held": 0, "streams": 0, "takeovers": 0,
      ])
    }
    for _ in 0..<7 { try round() }
    // At rest only pooled contexts have calls, 256 at most; any of the above that kept its own would
    // have added 280.
    #expect(try server.figures()["calls"]! <= 257)
    let counters = try server.counters()
    #expect(counters["opened"] == counters["closed"])
    #expect(counters["late"] == 0)
    #expect(server.isRunning)
  }

  @Test func `a request whose client has gone is told, and can still be finished`() throws {
    let server = try ServerProcess()
    for _ in 0..<10 {
      let client = try server.connect()
      try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
      usleep(5000)
      client.reset()
    }
    try server.waitForCounters(["cancelled": 10, "locals": 10, "late": 0])
    try server.waitForFigures(["held": 0, "active": 0, "connections": 0])
  }

  @Test func `a client that only ends its side is not gone`() throws {
    let server = try ServerProcess()
    let client = try server.connect()
    try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
    client.finishSending()
    usleep(50_000)
    #expect(try server.counters()["cancelled"] == 0)
    client.reset()
    try server.waitForCounters(["cancelled": 1])
  }

  @Test func `a body that ends early is 400`() throws {
    let client = try Shared.server().connect()
    try client.send("POST /all HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    client.finishSending()
    let response = try client.response()
    #expect(response.status == 400 && response["connection"] == "close")
  }

  private let quick = """
    {"http": {"headerTimeout": 150, "bodyTimeout": 150, "keepAliveTimeout": 150, "writeTimeout": 150}}
    """

  @Test func `time runs out for heads, bodies, idle clients and readers`() throws {
    let server = try ServerProcess(quick)
    let silent = try server.connect()
    let head = try server.connect()
    try head.send("GET /hello HT")
    let body = try server.connect()
    try body.send("POST /all HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    let idle = try server.connect()
    try idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
    let half = try server.connect()
    try half.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\nGET /hello HT")
    let drain = try server.connect()
    try drain.send("POST /ignore HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nabc")
    let deaf = try Client(port: server.port, receiveBuffer: 8192)
    try deaf.send("GET /payload/50000000 HTTP/1.1\r\nHost: a\r\n\r\n")
    let deafStream = try Client(port: server.port, receiveBuffer: 8192)
    try deafStream.send("GET /stream/100000/60000 HTTP/1.1\r\nHost: a\r\n\r\n")
    // A handler that takes longer than any of these is not interrupted.
    let busy = try server.connect()
    try busy.send("GET /later/600 HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try silent.isClosed())
    #expect(try head.response().status == 408)
    #expect(try head.isClosed())
    #expect(try body.response().status == 408)
    #expect(try body.isClosed())
    #expect(try idle.response().text == "hello")
    #expect(try idle.isClosed())
    #expect(try half.response().text == "hello")
    #expect(try half.response().status == 408)
    #expect(try drain.response().text == "ignored")
    #expect(try drain.isClosed())
    #expect(try busy.response().text == "later")
    try server.waitForCounters(["released": 1, "cut": 1])
    #expect(try deaf.rest().utf8.count < 50_000_000)
  }

  @Test func `a slow but steady client is served`() throws {
    let server = try ServerProcess(#"{"http": {"bodyTimeout": 1000}}"#)
    let client = try server.connect()
    try client.send("POST /all HTTP/1.1\r\nHost: a\r\nContent-Length: 6\r\n\r\n")
    for letter in ["a", "b", "c", "d", "e", "f"] {
      usleep(250_000)
      try client.send(letter)
    }
    #expect(try client.response().text == "abcdef")
  }

  // MARK: the server leaves

  @Test func `closing lets requests finish and says so to those who would stay`() throws {
    let server = try ServerProcess()
    let idle = try server.connect()
    try idle.send("GET /hello HTTP/1.1\r\nHost: a\r\n\r\n")
    #expect(try idle.response().text == "hello")
    let busy = try server.connect()
    try busy.send("GET /later/300 HTTP/1.1\r\nHost: a\r\n\r\n")
    let upgraded = try server.connect()
    try upgraded.send(
      "GET /upgrade HTTP/1.1\r\nHost: a\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n")
    #expect(try upgraded.response().status == 101)
    usleep(50_000)
    server.terminate()
    #expect(try idle.isClosed())
    #expect(throws: Failure.self) { try server.connect() }
    let response = try busy.response()
    #expect(response.text == "later" && response["connection"] == "close")
    #expect(try busy.isClosed())
    #expect(try upgraded.isClosed())
    #expect(server.status() == 0)
  }

  @Test func `closing waits for answers that are still on their way`() throws {
    let server = try ServerProcess()
    let client = try Client(port: server.port, receiveBuffer: 8192)
    try client.send("GET /payload/20000000 HTTP/1.1\r\nHost: a\r\n\r\n")
    try client.receive()
    server.terminate()
    usleep(100_000)
    #expect(try client.response().body.count == 20_000_000)
    #expect(server.status() == 0)
  }

  @Test func `a request that never ends does not keep the server for ever`() throws {
    let server = try ServerProcess(#"{"lifecycle": {"closeTimeout": 200}}"#)
    let client = try server.connect()
    try client.send("GET /wait HTTP/1.1\r\nHost: a\r\n\r\n")
    usleep(20_000)
    server.terminate()
    #expect(server.status() == 0)
  }
}
