import Testing

@testable import bench

@Suite("Command line") struct CommandLineTests {
  @Test func `options are read`() throws {
    let options = try Options([
      "http", "--rounds", "3", "--seconds", "0.5", "--no-hummingbird", "--only", "egg,node",
      "--server-command", "mine=./mine --port {port}", "--server-command", "x {port}",
    ])
    #expect(options.command == .http)
    #expect(options.rounds == 3)
    #expect(options.seconds == 0.5)
    #expect(options.without == ["hummingbird"])
    #expect(options.only == ["egg", "node"])
    #expect(options.serverCommands.map(\.name) == ["mine", "custom2"])
    #expect(options.serverCommands.map(\.text) == ["./mine --port {port}", "x {port}"])
  }

  @Test(arguments: [
    (["htp"], "unknown command \"htp\""),
    (["http", "--round", "3"], "unknown option \"--round\""),
    (["http", "--rounds", "x"], "--rounds takes a whole number in 1...1000, not \"x\""),
    (["http", "--rounds", "0"], "--rounds takes a whole number"),
    (["http", "--seconds", "nan"], "--seconds takes a number"),
    (["http", "--rounds"], "--rounds needs a value"),
    (["http", "--server-command", "server 80"], "--server-command needs {port}"),
  ])
  func `a mistake is named`(arguments: [String], text: String) throws {
    let error = try #require(throws: BenchError.self) { try Options(arguments) }
    #expect(error.description.contains(text))
  }

  @Test func `arguments are quoted as a shell needs them`() {
    #expect(Shell.line(["a", "b c", "it's", ""]) == #"a 'b c' 'it'\''s' ''"#)
  }
}

@Suite("Answers") struct AnswerTests {
  @Test func `an answer is whole when its length is there`() {
    let bytes = Array("HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\nhello".utf8)
    #expect(Probe.parse(bytes)?.answer == .init(status: 200, body: Array("hello".utf8)))
    for size in 0..<bytes.count { #expect(Probe.parse(Array(bytes[..<size])) == nil) }
  }

  @Test func `chunks are put together`() {
    let head = "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    let bytes = Array((head + "3\r\nhel\r\n2;x=y\r\nlo\r\n0\r\n\r\n").utf8)
    #expect(Probe.parse(bytes)?.answer == .init(status: 200, body: Array("hello".utf8)))
    for size in 0..<bytes.count { #expect(Probe.parse(Array(bytes[..<size])) == nil) }
  }

  @Test(arguments: [
    ("echo", #"{"tags":["a","b","c"],"count":42,"message":"Hello, World!"}"#, true),
    ("echo", #"{"message":"Hello, World!"}"#, false),
    ("echo", "not JSON", false),
    ("plaintext", "Hello, World!", true),
    ("plaintext", "Hello, World!\n", false),
    ("user", #"{"id":"1"}"#, true),
    ("1k", "short", false),
  ])
  func `a wrong answer is not measured`(name: String, body: String, right: Bool) throws {
    let route = try #require(Route.named([name]).first)
    let complaint = route.complaint(.init(status: 200, body: Array(body.utf8)))
    #expect((complaint == nil) == right)
  }
}

@Suite("Budget") struct BudgetTests {
  private func cell(_ server: String, _ route: String, cpu: [Double]) -> HTTPCommand.Cell {
    HTTPCommand.Cell(
      server: server, route: route,
      samples: cpu.map {
        Sample(
          cpuMicroseconds: $0, requests: 1, errors: 0, non2xx: 0, rate: 1, generatorBusy: 0,
          serverBusy: 0, p50: 0, p99: 0, max: 0)
      })
  }

  @Test func `each line with both sides gets a verdict`() {
    let ratios = Budget.ratios(
      of: "egg",
      in: [
        cell("c-loop", "plaintext", cpu: [10, 10]), cell("egg", "plaintext", cpu: [12, 12]),
        cell("egg", "mw", cpu: [24, 24]),
        cell("egg", "pipelined", cpu: [1, 1]), cell("c-loop", "pipelined", cpu: [0.3, 0.3]),
      ])
    #expect(
      ratios.map { "\($0.name): \($0.found.median.text()) \($0.budget) \($0.verdict)" } == [
        "plaintext, egg ÷ c-loop: 1.20 ≤ 1.30 within",
        "/mw ÷ /plaintext, egg: 2.00 ≤ 1.50 beyond",
        "pipelined, egg ÷ c-loop, rate of a whole core: 0.30 ≥ 0.25 within",
      ])
  }
}
