import Egg
import EggRedis
import Foundation
import RedisClient
import RedisTestSupport
import SocketIORedis
import Testing

/// The clients of one server, without a server.
final class FakeHost: AdapterHost {
  var members: [String: Set<String>]
  var delivered: [(id: String, data: Value)] = []
  var ended: [String] = []
  var events: [[Value]] = []
  /// What each client answers, by its id; nil: nothing.
  var answers: [String: Value] = [:]
  var eventAnswer: Value?

  init(_ members: [String: Set<String>]) { self.members = members }

  private func matching(_ target: AdapterTarget) -> [String] {
    members.filter { id, rooms in
      let all = rooms.union([id])
      return (target.rooms.isEmpty || !all.isDisjoint(with: target.rooms))
        && all.isDisjoint(with: target.except)
    }.keys.sorted()
  }

  func deliver(_ packet: Value, to target: AdapterTarget) {
    for id in matching(target) { delivered.append((id, packet.data)) }
  }

  func deliver(
    _ packet: Value, to target: AdapterTarget, answer: @escaping @MainActor (Value) -> Void
  ) -> Int {
    let ids = matching(target)
    for id in ids { if let value = answers[id] { answer(value) } }
    return ids.count
  }

  func sockets(_ target: AdapterTarget) -> [Value] {
    matching(target).map { ["id": $0, "rooms": Value.list((members[$0] ?? []).map { .text($0) })] }
  }

  func allRooms() -> [String] { Array(members.values.reduce(Set(members.keys)) { $0.union($1) }) }
  func hasRoom(_ room: String) -> Bool { allRooms().contains(room) }
  func join(_ target: AdapterTarget, _ rooms: [String]) {
    for id in matching(target) { members[id]?.formUnion(rooms) }
  }
  func leave(_ target: AdapterTarget, _ rooms: [String]) {
    for id in matching(target) { members[id]?.subtract(rooms) }
  }
  func disconnect(_ target: AdapterTarget, close: Bool) {
    for id in matching(target) {
      members[id] = nil
      ended.append("\(id) \(close)")
    }
  }
  func serverEvent(_ data: [Value], answer: (@MainActor (Value) -> Void)?) {
    events.append(data)
    if let eventAnswer { answer?(eventAnswer) }
  }
}

@Suite("Socket.IO on Redis: servers together") struct AdapterTests {
  enum Kind: CaseIterable { case classic, classicSpecific, sharded }

  private static let server = Task { try await RedisServer.start() }

  /// A server with two clients, as one of several.
  private final class Member {
    let host: FakeHost
    let adapter: any RedisAdapter
    private let client: RedisClient
    private let namespace: String

    init(
      _ server: RedisServer, _ kind: Kind, _ members: [String: Set<String>], _ namespace: String,
      timeout: Int
    ) async throws {
      self.namespace = namespace
      host = FakeHost(members)
      var options = RedisOptions()
      options.readyTimeout = 120_000
      options.port = server.port
      options.maxRetryDelay = 50
      let loop = TestLoop()
      client = RedisClient(options, loop: loop)
      client.start()
      try await client.ready()
      var how = AdapterOptions()
      how.requestsTimeout = timeout
      how.publishOnSpecificResponseChannel = kind == .classicSpecific
      adapter =
        kind == .sharded
        ? ShardedAdapter(client, namespace: namespace, host: host, loop: loop, options: how)
        : ClassicAdapter(client, namespace: namespace, host: host, loop: loop, options: how)
      try await adapter.start()
    }

    isolated deinit { client.end() }

    var status: String { client.status }

    func packet(_ data: any Encodable...) -> Value {
      ["type": 2, "data": Value.list(data.map { Value($0) }), "nsp": namespace]
    }
  }

  /// Two servers in a namespace that nobody else uses.
  private func pair(
    _ kind: Kind, _ server: RedisServer? = nil, timeout: Int = 90_000
  ) async throws -> (Member, Member) {
    var server = server
    if server == nil { server = try await Self.server.value }
    let namespace = "/[a*]\(UUID().uuidString.prefix(6))"
    let first = try await Member(
      server!, kind, ["a1": ["red"], "a2": []], namespace, timeout: timeout)
    let second = try await Member(
      server!, kind, ["b1": ["red"], "b2": ["blue"]], namespace, timeout: timeout)
    for member in [first, second] {
      for room in member.host.allRooms() { member.adapter.roomChanged(room) }
    }
    return (first, second)
  }

  @Test(arguments: Kind.allCases)
  func `an event reaches the clients of others, by room, and bytes stay bytes`(kind: Kind)
    async throws
  {
    let (one, two) = try await pair(kind)
    one.adapter.broadcast(one.packet("all", [1, 2] as [UInt8]), AdapterTarget())
    try await eventually("all") { two.host.delivered.count == 2 }
    #expect(two.host.delivered[0].data == .list(["all", .data([1, 2])]))
    two.host.delivered = []
    try await eventually("the room") {
      one.adapter.broadcast(one.packet("red"), AdapterTarget(rooms: ["red"]))
      return !two.host.delivered.isEmpty
    }
    #expect(two.host.delivered.allSatisfy { $0.id == "b1" && $0.data == .list(["red"]) })
    one.adapter.broadcast(
      one.packet("some"), AdapterTarget(rooms: ["red", "blue"], except: ["b1"]))
    // Some of the tries above may come between.
    func some() -> [String] { two.host.delivered.filter { $0.data == ["some"] }.map(\.id) }
    try await eventually("both rooms") { !some().isEmpty }
    #expect(some() == ["b2"])
    #expect(one.host.delivered.isEmpty)
  }

  @Test(arguments: Kind.allCases)
  func `sockets of all servers are known, and ordered about`(kind: Kind) async throws {
    let (one, two) = try await pair(kind)
    let all = try await one.adapter.fetchSockets(AdapterTarget())
    #expect(Set(all.compactMap(\.id.string)) == ["a1", "a2", "b1", "b2"])
    let red = try await two.adapter.fetchSockets(AdapterTarget(rooms: ["red"], except: ["a1"]))
    #expect(red.map(\.id.string) == ["b1"])
    if kind != .sharded {
      #expect(try await one.adapter.allRooms() == ["a1", "a2", "b1", "b2", "blue", "red"])
    }
    one.adapter.join(AdapterTarget(rooms: ["red"]), ["x", "y"])
    try await eventually("joined") {
      one.host.members["a1"] == ["red", "x", "y"] && two.host.members["b1"] == ["red", "x", "y"]
    }
    one.adapter.leave(AdapterTarget(rooms: ["x"]), ["x"])
    try await eventually("left") {
      one.host.members["a1"] == ["red", "y"] && two.host.members["b1"] == ["red", "y"]
    }
    two.adapter.disconnect(AdapterTarget(rooms: ["a2", "b2"]), close: true)
    try await eventually("gone") {
      one.host.ended == ["a2 true"] && two.host.ended == ["b2 true"]
    }
  }

  @Test(arguments: Kind.allCases)
  func `servers talk to each other's code, with answers and without`(kind: Kind) async throws {
    let (one, two) = try await pair(kind)
    one.adapter.serverSideEmit(["hello", 1])
    try await eventually("an event") { two.host.events == [["hello", 1]] }
    two.host.eventAnswer = "pong"
    #expect(try await one.adapter.serverSideEmitWithAnswers(["ping"]) == ["pong"])
    #expect(one.host.events.isEmpty)
    let (asking, _) = try await pair(kind, timeout: 300)
    let error = await #expect(throws: AdapterTimeout.self) {
      try await asking.adapter.serverSideEmitWithAnswers(["ping"])
    }
    #expect(error?.description == "timeout reached: only 0 responses received out of 1")
  }

  @Test(arguments: Kind.allCases)
  func `answers of others' clients are counted and collected`(kind: Kind) async throws {
    let (one, two) = try await pair(kind)
    two.host.answers = ["b1": "first", "b2": .data([7])]
    var counts: [Int] = []
    var answers: [Value] = []
    let asked = await one.adapter.broadcast(
      one.packet("question"), AdapterTarget(flags: ValueMap([("timeout", 500)])),
      counted: { counts.append($0) }, answered: { answers.append($0) })
    #expect(asked.servers == 1)
    try await eventually("answers") { answers.count == 2 && counts == [2] }
    #expect(answers.contains("first") && answers.contains(.data([7])))
    asked.end()
  }

  @Test(arguments: [Kind.classic, .sharded])
  func `while Redis is away nothing breaks, and afterwards all is well again`(kind: Kind)
    async throws
  {
    let server = try await RedisServer.start()
    let (one, two) = try await pair(kind, server, timeout: 1000)
    server.stop()
    try await eventually("the loss is noticed") { one.status != "ready" && two.status != "ready" }
    one.adapter.broadcast(one.packet("lost"), AdapterTarget())
    try await server.restart()
    try await eventually("both listen again") {
      one.adapter.broadcast(one.packet("there?"), AdapterTarget())
      two.adapter.broadcast(two.packet("there?"), AdapterTarget())
      return !one.host.delivered.isEmpty && !two.host.delivered.isEmpty
    }
    #expect(!two.host.delivered.contains { $0.data == .list(["lost"]) })
    try await eventually("both answer again") {
      (try? await one.adapter.fetchSockets(AdapterTarget()))?.count == 4
    }
    await two.adapter.close()
    try await eventually("one is alone") {
      (try? await one.adapter.fetchSockets(AdapterTarget()))?.count == 2
    }
  }

  @Test(arguments: [Kind.classic, .sharded])
  func `messages that no server sends change nothing`(kind: Kind) async throws {
    let server = try await Self.server.value
    let (one, two) = try await pair(kind, server)
    let namespace = try #require(one.packet(0).nsp.string)
    var options = RedisOptions()
    options.readyTimeout = 120_000
    options.port = server.port
    let client = RedisClient(options, loop: TestLoop())
    defer { client.end() }
    client.start()
    try await client.ready()
    let deep = [UInt8](repeating: UInt8(ascii: "["), count: 100_000)
    let poison: [[UInt8]] = [
      [], [0], deep, [UInt8](repeating: 0x91, count: 100_000), [0xDD, 0xFF, 0xFF, 0xFF, 0xFF],
      [0xC6, 0x7F, 0xFF, 0xFF, 0xFF, 1], [0xDF, 0xFF, 0xFF, 0xFF, 0xFF, 0xA1],
      Array(#"{"type":"#.utf8), Array(#"{"type":-1,"requestId":7}"#.utf8),
      Array(#"{"type":8,"requestId":"nobody","clientCount":-9223372036854775808}"#.utf8),
      Array(#"{"type":3,"uid":"x","nsp":"\#(namespace)","data":{"opts":{"rooms":7}}}"#.utf8),
      Array(#"{"uid":"x","requestId":"y","type":6,"data":{}}"#.utf8),
      Array(#"{"uid":"x","requestId":"y","type":7,"packet":[],"opts":null}"#.utf8),
    ]
    for name in ["", "-request", "-response"] {
      for bytes in poison {
        _ = try await client.call(
          kind == .sharded ? "SPUBLISH" : "PUBLISH",
          [.text("socket.io\(name)#\(namespace)#"), .data(bytes)])
      }
    }
    one.adapter.broadcast(one.packet("after"), AdapterTarget())
    try await eventually("what comes behind them") { two.host.delivered.count == 2 }
    #expect(one.host.delivered.isEmpty && one.host.ended.isEmpty && two.host.ended.isEmpty)
    #expect(one.host.members["a1"] == ["red"] && two.host.members["b2"] == ["blue"])
  }

  @Test func `what an emitter of Node's sends is understood`() async throws {
    let server = try await RedisServer.start()
    let host = FakeHost(["c1": [], "c2": ["r"]])
    var options = RedisOptions()
    options.readyTimeout = 120_000
    options.port = server.port
    let loop = TestLoop()
    let client = RedisClient(options, loop: loop)
    defer { client.end() }
    client.start()
    try await client.ready()
    let adapter = ClassicAdapter(client, namespace: "/", host: host, loop: loop)
    try await adapter.start()
    for message in try Corpus.messages("adapter-8") where !message.channel.contains("chat") {
      let text = String(decoding: message.bytes, as: UTF8.self)
      let isEmitters = BroadcastMessage(message.bytes)?.uid == "emitter" || text.contains("emitter")
      let isOrder = text.hasPrefix("{\"type\":2") || text.hasPrefix("{\"type\":4")
      guard isEmitters || isOrder && message.channel.hasPrefix("socket.io-request") else {
        continue
      }
      _ = try await client.call("PUBLISH", [.text(message.channel), .data(message.bytes)])
    }
    try await eventually("the event of code") { host.events == [["ev", "from emitter"]] }
    #expect(host.delivered.map(\.id) == ["c1", "c2"])
    #expect(host.delivered[0].data == .list(["e", 1]))
    #expect(host.members["c1"] == ["z"] && host.members["c2"] == ["r", "z"])
  }

  @Test func `servers with version 5 get answers to all that they ask`() async throws {
    let server = try await Self.server.value
    let (one, two) = try await pair(.classic, server)
    let namespace = one.packet(0).nsp.string!
    var options = RedisOptions()
    options.readyTimeout = 120_000
    options.port = server.port
    let asker = RedisClient(options, loop: TestLoop())
    let ear = RedisClient(options, loop: TestLoop())
    asker.start()
    ear.start()
    try await ear.ready()
    defer {
      asker.end()
      ear.end()
    }
    var heard: [Value] = []
    let listening = try await ear.subscribe(.channel, ["socket.io-response#\(namespace)#"]) {
      if let value = try? Value(json: $0.bytes) { heard.append(value) }
    }
    func ask(_ request: String, _ count: Int = 1) async throws -> [String] {
      heard = []
      _ = try await asker.call(
        "PUBLISH", [.text("socket.io-request#\(namespace)#"), .text(request)])
      try await eventually(request) { heard.count == count }
      return heard.map(\.json).sorted()
    }
    #expect(
      try await ask(#"{"requestid":"q","type":0,"rooms":["red"]}"#, 2) == [
        #"{"requestid":"q","clients":["a1"]}"#, #"{"requestid":"q","clients":["b1"]}"#,
      ])
    #expect(
      try await ask(#"{"requestid":"r","type":1,"sid":"b2"}"#)
        == [#"{"requestid":"r","rooms":["blue"]}"#])
    let rooms = try await ask(#"{"requestid":"s","type":2}"#, 2).joined()
    #expect(rooms.contains("blue") && rooms.contains("a1"))
    #expect(
      try await ask(#"{"requestid":"t","type":3,"sid":"a2","room":"new"}"#)
        == [#"{"requestid":"t"}"#])
    #expect(one.host.members["a2"] == ["new"])
    _ = try await ask(#"{"requestid":"u","type":4,"sid":"a2","room":"new"}"#)
    #expect(one.host.members["a2"] == [])
    #expect(
      try await ask(#"{"requestid":"v","type":5,"data":{"q":1}}"#, 2)
        == [#"{"requestid":"v","data":null}"#, #"{"requestid":"v","data":null}"#])
    _ = try await ask(#"{"requestid":"w","type":6,"sid":"a1","close":true}"#)
    #expect(one.host.ended == ["a1 true"])
    #expect(two.host.ended == [])
    try await listening.end()
  }
}

/// Waits for something that becomes true by itself.
func eventually(_ what: String, _ condition: () async throws -> Bool) async throws {
  let end = Date().addingTimeInterval(120)
  while Date() < end {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  Issue.record("never: \(what)")
}
