import EggWebSocket
import EngineIO
import SocketIO
import Testing

/// A server without a kernel: a clock that the test turns, and connections that note what they get.
final class Bench: SocketHandler {
  var time = 0
  let clock = AlarmClock()
  let engine: EngineServer
  let server: SocketServer
  var log: [String] = []
  var onEvent: (Socket, Event) -> Void = { _, _ in }
  var holdsBack = false
  var held: [Socket] = []

  init(
    _ options: EngineOptions = EngineOptions(), limits: SocketLimits = SocketLimits(),
    recovery: RecoveryOptions? = nil
  ) {
    engine = EngineServer(options, clock: clock)
    server = SocketServer(engine, limits: limits, recovery: recovery)
    clock.now = { [unowned self] in time }
    server.handler = self
    server.namespace("/")
  }

  func pass(_ milliseconds: Int) {
    time += milliseconds
    clock.ring()
  }

  func connect(_ query: String = "4", auth: String = "") -> Line {
    var request = EngineRequest()
    request.query = [("EIO", query), ("transport", "websocket")]
    var handshake = Handshake()
    handshake.upgrade = "websocket"
    handshake.connection = "Upgrade"
    handshake.version = "13"
    handshake.key = "dGhlIHNhbXBsZSBub25jZQ=="
    var answer: EngineServer.Upgrade?
    // Nothing in it waits, unless somebody is asked.
    Task.immediate { answer = await engine.upgrade(request, handshake) }
    guard case .accepted(let peer, _) = answer else { return Line() }
    let line = Line()
    line.peer = peer
    peer.opened(line)
    if query == "4" { line.send("40" + auth) }
    return line
  }

  func makes(_ namespace: String, auth: [UInt8]) -> Bool { namespace.hasPrefix("/dyn") }
  func admit(_ socket: Socket) {
    if holdsBack { held.append(socket) } else { socket.accept() }
  }
  func connected(_ socket: Socket) { log.append("connected \(socket.namespace.name)") }
  func received(_ socket: Socket, _ event: Event) {
    log.append("event \(String(decoding: event.name, as: UTF8.self))")
    onEvent(socket, event)
  }
  func failed(_ socket: Socket, _ message: String) { log.append("failed") }
  func disconnecting(_ socket: Socket, _ reason: String) {
    log.append("disconnecting \(reason) \(socket.rooms.sorted())")
  }
  func ended(_ socket: Socket, _ reason: String, wasConnected: Bool) {
    log.append("ended \(reason) \(wasConnected)")
  }
  func received(
    _ namespace: Namespace, _ arguments: EventArguments, answer: ((EventArguments) -> Void)?
  ) {
    log.append("server \(String(decoding: arguments.json, as: UTF8.self))")
    answer?(arguments)
  }
  func emptied(_ namespace: Namespace) { log.append("emptied \(namespace.name)") }
}

/// A client's end of a WebSocket.
final class Line: Wire {
  var peer: WebSocketPeer?
  var state = WireState.taken
  var waiting = 0
  var isPaused = false
  var isClosed = false
  private var parser = MessageParser(.client, maxPayload: 1 << 24)
  private(set) var got: [String] = []

  func write(_ frame: [UInt8]) -> WireState {
    try? parser.feed(frame) { event in
      switch event {
      case .text(let text): got.append(text)
      case .binary(let bytes): got.append("\(bytes)")
      case .close(let code, _): got.append("close \(code?.rawValue ?? 1005)")
      default: break
      }
    }
    return state
  }
  func pause(_ paused: Bool) { isPaused = paused }
  func close(now: Bool) { isClosed = true }

  func send(_ text: String) {
    FrameWriter.text(text, mask: .random()).withUnsafeBytes { peer?.received($0) }
  }
  func send(_ bytes: [UInt8]) {
    FrameWriter.frame(.binary, bytes, mask: .random()).withUnsafeBytes { peer?.received($0) }
  }
  func drop(broken: Bool = false) { peer?.closed(broken: broken) }

  func take() -> [String] {
    defer { got = [] }
    return got
  }
}

@MainActor struct SocketTests {
  @Test func `a broadcast is written once and reaches rooms, each member once, without exceptions`()
    throws
  {
    let bench = Bench()
    let lines = (0..<4).map { _ in bench.connect() }
    let nsp = bench.server.namespace("/")
    var byLine: [Socket] = []
    for line in lines {
      // 40{"sid":"…
      let id = line.take().last?.dropFirst(10).prefix(20) ?? ""
      byLine.append(try #require(nsp.connected[String(id)]))
    }
    byLine[0].join(["a"])
    byLine[1].join(["a", "b"])
    byLine[2].join(["b"])
    var target = Target()
    target.rooms = ["a", "b"]
    target.except = [byLine[2].id]
    nsp.adapter.broadcast(EventArguments(#"["x",1]"#), target)
    #expect(lines.map { $0.take() } == [[#"42["x",1]"#], [#"42["x",1]"#], [], []])
    target = Target()
    target.sender = byLine[0]
    nsp.adapter.broadcast(EventArguments(#"["y"]"#), target)
    #expect(lines.map { $0.take().count } == [0, 1, 1, 1])
  }

  @Test func `the end comes once, with the rooms still there before it`() {
    let bench = Bench()
    bench.onEvent = { socket, _ in socket.join(["r"]) }
    let line = bench.connect()
    line.send(#"42["join"]"#)
    line.send("41")
    line.drop()
    #expect(
      bench.log == [
        "connected /", "event join", #"disconnecting client namespace disconnect ["r"]"#,
        "ended client namespace disconnect true",
      ])
    #expect((bench.server.namespace("/").adapter as? MemoryAdapter)?.rooms.isEmpty == true)
  }

  @Test func `events behind a disconnect are not dispatched, and join after it joins nothing`() {
    let bench = Bench()
    var kept: Socket?
    bench.onEvent = { socket, _ in
      kept = socket
      socket.disconnect()
    }
    let line = bench.connect()
    line.send(#"42["a"]"#)
    line.send(#"42["b"]"#)
    kept?.join(["r"])
    #expect(!bench.log.contains("event b"))
    #expect((bench.server.namespace("/").adapter as? MemoryAdapter)?.rooms.isEmpty == true)
  }

  @Test func `middleware that answers late finds a client that has gone`() {
    let bench = Bench()
    bench.holdsBack = true
    let line = bench.connect()
    line.drop()
    #expect(bench.log == ["ended transport close false"])
    #expect(bench.held.first?.accept() == false)
    #expect(bench.log == ["ended transport close false"])
  }

  @Test func `who does not keep up is let go when the queue is full`() {
    var options = EngineOptions()
    options.maxQueue = 10_000
    let bench = Bench(options)
    let line = bench.connect()
    line.state = .wait
    line.waiting = 5_000
    let nsp = bench.server.namespace("/")
    nsp.adapter.broadcast(EventArguments(#"["x"]"#), Target())
    #expect(bench.log == ["connected /"])
    line.waiting = 10_001
    nsp.adapter.broadcast(EventArguments(#"["x"]"#), Target())
    #expect(bench.log.last == "ended transport error true")
  }

  @Test func `volatile packets are dropped as a whole for who does not keep up`() {
    let bench = Bench()
    let line = bench.connect()
    line.state = .wait
    let nsp = bench.server.namespace("/")
    nsp.adapter.broadcast(EventArguments(#"["first"]"#), Target())
    _ = line.take()
    var target = Target()
    target.isVolatile = true
    nsp.adapter.broadcast(
      EventArguments(json: Array(#"["x",{"_placeholder":true,"num":0}]"#.utf8), attachments: [[1]]),
      target)
    #expect(line.take() == [])
    line.state = .taken
    line.peer?.writable()
    nsp.adapter.broadcast(EventArguments(#"["y"]"#), target)
    #expect(line.take() == [#"42["y"]"#])
  }

  @Test func `answers of many are collected, and what has come is there when time runs out`() {
    let bench = Bench()
    let (one, two) = (bench.connect(), bench.connect())
    _ = (one.take(), two.take())
    var result: ([EventArguments], Bool)?
    let nsp = bench.server.namespace("/")
    nsp.adapter.broadcast(EventArguments(#"["q"]"#), Target(), timeout: 100) { result = ($0, $1) }
    #expect(one.take() == [#"420["q"]"#])
    one.send("430[5]")
    #expect(result == nil)
    bench.pass(100)
    #expect(result?.0 == [EventArguments("[5]")])
    #expect(result?.1 == true)
    two.send("430[6]")
    nsp.adapter.broadcast(EventArguments(#"["q"]"#), Target(), timeout: 100) { result = ($0, $1) }
    two.send("431[6]")
    one.send("431[7]")
    #expect(result?.0 == [EventArguments("[6]"), EventArguments("[7]")])
    #expect(result?.1 == false)
  }

  @Test func `an answer that is waited for ends with the client`() {
    let bench = Bench()
    var failures: [AckFailure] = []
    bench.onEvent = { socket, _ in
      socket.emit(EventArguments(#"["q"]"#)) {
        if case .failure(let failure) = $0 { failures.append(failure) }
      }
    }
    let line = bench.connect()
    line.send(#"42["ask"]"#)
    line.drop()
    #expect(failures == [.disconnected])
  }

  @Test func `the server pings, and a client without an answer is gone in time`() {
    let bench = Bench()
    let line = bench.connect()
    _ = line.take()
    bench.pass(25_000)
    #expect(line.take() == ["2"])
    line.send("3")
    bench.pass(24_999)
    #expect(line.take() == [])
    bench.pass(1)
    #expect(line.take() == ["2"])
    bench.pass(20_000)
    #expect(bench.log.last == "ended ping timeout true")
    #expect(bench.engine.sessionCount == 0)
  }

  @Test func `old clients are greeted unasked, and their other namespaces wait for that`() async {
    let bench = Bench()
    bench.server.namespace("/chat")
    let line = bench.connect("3")
    #expect(line.take().dropFirst() == ["40"])
    line.send("40/chat?a=1,")
    #expect(line.take() == ["40/chat,"])
    line.send("40/nowhere")
    #expect(line.take() == [#"44/nowhere,"Invalid namespace""#])
    line.send(#"42/nowhere,["x"]"#)
    #expect(!line.got.contains("close 1005"))
  }

  @Test func `a namespace on demand goes with its last client`() {
    let bench = Bench()
    let line = bench.connect()
    line.send("40/dyn-1")
    #expect(bench.server.namespaces.keys.contains("/dyn-1"))
    line.send("41/dyn-1")
    #expect(!bench.server.namespaces.keys.contains("/dyn-1"))
    #expect(bench.log.last == "ended client namespace disconnect true")
  }

  @Test func `one that nobody comes to goes too, unless it is kept`() {
    let bench = Bench()
    bench.server.namespace("/dyn-1", isDynamic: true)
    bench.server.namespace("/dyn-2", isDynamic: true).keep()
    let line = bench.connect()
    line.send("40/dyn-3")
    bench.pass(SocketLimits().connectTimeout)
    #expect(bench.server.namespaces.keys.sorted() == ["/", "/dyn-2", "/dyn-3"])
  }

  @Test func `one connection has a limited number of namespaces`() {
    var limits = SocketLimits()
    limits.maxNamespaces = 3
    let bench = Bench(limits: limits)
    let line = bench.connect()
    for number in 0..<6 { line.send("40/dyn-\(number)") }
    #expect(bench.server.namespaces.count == 4)
    #expect(line.take().last == #"44/dyn-5,{"message":"Invalid namespace"}"#)
  }

  @Test func `attachments of an event are limited together`() {
    var limits = SocketLimits()
    limits.maxEventSize = 100
    let bench = Bench(limits: limits)
    let line = bench.connect()
    line.send(#"452-["x",{"_placeholder":true,"num":0},{"_placeholder":true,"num":1}]"#)
    line.send([UInt8](repeating: 0, count: 60))
    line.send([UInt8](repeating: 0, count: 60))
    #expect(bench.log.last == "ended forced close true")
  }

  @Test func `a client whose handlers are behind is held back`() {
    var limits = SocketLimits()
    limits.maxRunning = 4
    let bench = Bench(limits: limits)
    var sockets: [Socket] = []
    bench.onEvent = { socket, _ in
      sockets.append(socket)
      socket.count(handlers: 1)
    }
    let line = bench.connect()
    for _ in 0..<4 { line.send(#"42["x"]"#) }
    #expect(line.isPaused)
    for _ in 0..<2 { sockets[0].count(handlers: -1) }
    #expect(!line.isPaused)
  }

  @Test func `nothing is kept of connections that have ended`() {
    let bench = Bench()
    weak var last: WebSocketPeer?
    for _ in 0..<1000 {
      let line = bench.connect()
      last = line.peer
      line.send(#"42["x"]"#)
      line.drop()
      line.peer = nil
      bench.log = []
    }
    #expect(last == nil)
    #expect(bench.engine.sessionCount == 0)
    #expect(bench.clock.count == 0)
  }

  @Test(arguments: [false, true])
  func `who was lost comes back in time, and not later`(_ isLate: Bool) throws {
    var options = RecoveryOptions()
    options.maxDisconnectionDuration = 1500
    let bench = Bench(recovery: options)
    let line = bench.connect()
    func member(_ name: String, _ text: String) throws -> String {
      let parts = text.split(separator: "\"").map(String.init)
      return parts[try #require(parts.firstIndex(of: name)) + 2]
    }
    let greeting = try #require(line.take().last)
    let (id, privateID) = (try member("sid", greeting), try member("pid", greeting))
    bench.server.socket(1)?.emit(EventArguments("[\"x\"]"))
    let offset = try #require(line.take().first?.split(separator: "\"").dropLast().last)
    line.drop()
    bench.pass(isLate ? 1600 : 1400)
    let back = bench.connect(auth: "{\"pid\":\"\(privateID)\",\"offset\":\"\(offset)\"}")
    #expect((try member("sid", try #require(back.take().last)) == id) == !isLate)
  }

  @Test func `the end of the server ends everybody`() {
    let bench = Bench()
    let line = bench.connect()
    bench.server.close()
    #expect(bench.log.last == "ended server shutting down true")
    #expect(line.take().last == "close 1005")
    #expect(bench.connect().peer == nil)
  }

  @Test func `whatever packets come, a connection goes on or ends`() {
    var random = SplitMix(11)
    let pieces = [
      "4", "2", "0", "1", "3", "5", "6", "/", "chat", ",", "-", "[", "]", "{", "}", "\"", "x",
      "\\u00e9",
      "_placeholder", ":", "true", "num", "null", "1e5", "é", "😀", "99999999999999999999", " ",
      #"["x",{"_placeholder":true,"num":0}]"#, #"42["a"]"#, "451-",
    ]
    let bench = Bench()
    for _ in 0..<3000 {
      let line = bench.connect()
      for _ in 0..<4 {
        var text = random.next() % 2 == 0 ? "4" : "42"
        for _ in 0..<random.next() % 8 { text += pieces[Int(random.next() % UInt64(pieces.count))] }
        line.send(text)
        if random.next() % 4 == 0 { line.send([1, 2]) }
      }
      line.drop()
    }
    #expect(bench.engine.sessionCount == 0)
  }
}
