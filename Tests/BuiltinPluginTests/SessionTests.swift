import Foundation
import Testing

/// A visitor who keeps what cookies they are given.
final class Visitor {
  let server: Server
  private(set) var jar: [String: String] = [:]

  init(_ server: Server) { self.server = server }

  @discardableResult
  func send(_ method: String, _ target: String, _ json: String? = nil) throws -> Answer {
    let cookie = jar.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
    let answer = try server.send(
      method, target, headers: cookie.isEmpty ? [:] : ["Cookie": cookie], json: json)
    for field in answer.fields where field.name == "set-cookie" {
      let parts = field.value.prefix { $0 != ";" }.split(
        separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      jar[String(parts[0])] = parts[1].isEmpty ? nil : String(parts[1])
    }
    return answer
  }

  func get(_ target: String) throws -> Answer { try send("GET", target) }
  @discardableResult
  func post(_ target: String, _ json: String? = nil) throws -> Answer {
    try send("POST", target, json)
  }
  /// What the session has under a name.
  func value(_ name: String) throws -> String {
    "\(try get("/session/get/\(name)").json["value"] ?? "nothing")"
  }
}

@Suite("session") struct SessionTests {
  private static let shared = Result { try Server(plugins: ["session"]) }
  private func server(_ config: String? = nil) throws -> Server {
    guard let config else { return try Self.shared.get() }
    return try Server(#"{ "session": \#(config) }"#, plugins: ["session"])
  }
  private func visitor(_ config: String? = nil) throws -> Visitor { Visitor(try server(config)) }

  @Test func `what is set is there in the next request, and only for this visitor`() throws {
    let visitor = try visitor()
    #expect(
      try visitor.post("/session/set", #"{"userId": 7, "cart": [1, {"a": "é"}]}"#).status == 200)
    #expect(try visitor.value("userId") == "7")
    #expect(try visitor.get("/session/get/cart").body.contains(#""value":[1,{"a":"é"}]"#))
    #expect(try visitor.get("/session/get/userId").json["isNew"] as? Bool == false)
    #expect(try Visitor(visitor.server).value("userId") == "nothing")
  }

  @Test func `the cookie is encrypted, not for scripts and good for a day`() throws {
    let answer = try visitor().post("/session/set", #"{"secret": "open"}"#)
    let cookie = try #require(answer.cookie("EGG_SESS"))
    #expect(cookie.contains("; path=/; max-age=86400; expires="))
    #expect(cookie.hasSuffix("; httponly"))
    #expect(answer.cookie("EGG_SESS.sig") == nil)
    let text = cookie.dropFirst("EGG_SESS=".count).prefix { $0 != ";" }
    let padded = text.replacingOccurrences(of: "-", with: "+").replacingOccurrences(
      of: "_", with: "/")
    let data = try #require(Data(base64Encoded: padded))
    #expect(data.count % 16 == 0 && data.range(of: Data("open".utf8)) == nil)
  }

  @Test func `without encryption the cookie is signed base64 of JSON with its end`() throws {
    let visitor = try visitor(#"{ "encrypt": false, "maxAge": 3600000 }"#)
    let answer = try visitor.post("/session/set", #"{"a": 1}"#)
    #expect(answer.cookie("EGG_SESS.sig") != nil)
    let text = try #require(visitor.jar["EGG_SESS"])
    let data = try #require(Data(base64Encoded: text))
    let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    #expect(json["a"] as? Int == 1 && json["_maxAge"] as? Int == 3_600_000)
    let end = try #require(json["_expire"] as? Double) / 1000
    #expect(abs(end - Date().timeIntervalSince1970 - 3600) < 60)
    #expect(try visitor.value("a") == "1")
    // Not signed by the server: no session.
    let forged = Data(#"{"a":2}"#.utf8).base64EncodedString()
    #expect(
      try visitor.server.get("/session/get/a", ["Cookie": "EGG_SESS=\(forged)"]).json["value"]
        == nil)
  }

  @Test func `a request that leaves the session alone, or empty, sets no cookie`() throws {
    let visitor = try visitor()
    #expect(try visitor.get("/plain")["set-cookie"] == nil)
    #expect(try visitor.get("/session/get/a")["set-cookie"] == nil)
    try visitor.post("/session/set", #"{"a": 1}"#)
    #expect(try visitor.get("/session/get/a")["set-cookie"] == nil)
    #expect(try visitor.post("/session/set", #"{"a": 1}"#)["set-cookie"] == nil)
    #expect(try visitor.post("/session/set", #"{"a": 2}"#)["set-cookie"] != nil)
    #expect(try visitor.post("/session/save")["set-cookie"] != nil)
  }

  @Test func `an object replaces the content and nil ends the session`() throws {
    let visitor = try visitor()
    try visitor.post("/session/set", #"{"a": 1}"#)
    #expect(try visitor.post("/session/replace", #"{"b": 2}"#).body == #"{"b":2}"#)
    #expect(try visitor.value("a") == "nothing")
    #expect(try visitor.value("b") == "2")
    let answer = try visitor.post("/session/destroy")
    #expect(answer.json["left"] as? Int == 0)
    #expect(
      answer.cookie("EGG_SESS")?.hasPrefix("EGG_SESS=; path=/; expires=Thu, 01 Jan 1970") == true)
    #expect(try visitor.value("b") == "nothing")
    // Nothing was there, so nothing has to be taken away.
    #expect(try visitor.post("/session/destroy")["set-cookie"] == nil)
  }

  @Test func `names that begin with _ and isNew are not kept`() throws {
    let visitor = try visitor()
    #expect(
      try visitor.post("/session/set", #"{"_x": 1, "isNew": 5, "ok": 1}"#).body == #"{"ok":1}"#)
    #expect(try visitor.value("_x") == "nothing")
  }

  @Test func `maxAge of one session is saved with it`() throws {
    let visitor = try visitor()
    try visitor.post("/session/set", #"{"a": 1}"#)
    #expect(try visitor.post("/session/age/60").cookie("EGG_SESS")?.contains("max-age=60;") == true)
    #expect(try visitor.get("/session/get/a").json["maxAge"] as? Int == 60)
    let browser = try #require(try visitor.post("/session/age/session").cookie("EGG_SESS"))
    #expect(!browser.contains("max-age") && !browser.contains("expires"))
    #expect(try visitor.get("/session/get/a").json["maxAge"] as? Int == -1)
  }

  @Test func `a session is not good any more after maxAge, whatever the client keeps`() throws {
    let visitor = try visitor(#"{ "maxAge": 1, "logValue": false }"#)
    try visitor.post("/session/set", #"{"a": 1}"#)
    Thread.sleep(forTimeInterval: 0.02)
    #expect(try visitor.value("a") == "nothing")
    let events = try visitor.get("/session/events").body
    #expect(events == #"["expired null  /session/get/a"]"#)
  }

  @Test(arguments: ["x", "AAAAAAAAAAAAAAAAAAAAAA==", "%00", String(repeating: "A", count: 4000)])
  func `a cookie that nobody here made is an empty session`(cookie: String) throws {
    let answer = try server().get("/session/get/a", ["Cookie": "EGG_SESS=\(cookie)"])
    #expect(answer.status == 200 && answer.json["isNew"] as? Bool == true)
  }

  @Test func `a cookie of ours that is no session is told as invalid`() throws {
    let server = try server(#"{ "encrypt": false, "signed": false }"#)
    let cookie = Data("[1]".utf8).base64EncodedString()
    _ = try server.get("/session/get/a", ["Cookie": "EGG_SESS=\(cookie)"])
    #expect(
      try server.get("/session/events").body == #"["invalid null \#(cookie) /session/get/a"]"#)
    try server.wait(for: "[session][invalid]")
  }

  @Test func `rolling sends the cookie with every answer`() throws {
    let visitor = try visitor(#"{ "rolling": true }"#)
    #expect(try visitor.get("/plain")["set-cookie"] == nil)
    try visitor.post("/session/set", #"{"a": 1}"#)
    #expect(try visitor.get("/plain").cookie("EGG_SESS") != nil)
  }

  @Test(arguments: [false, true])
  func `renew sends it when less than half of the time is left`(always: Bool) throws {
    let visitor = try visitor(#"{ "renew": true, "maxAge": 4000, "refreshOnVisit": \#(always) }"#)
    try visitor.post("/session/set", #"{"a": 1}"#)
    #expect(try visitor.get("/session/get/a")["set-cookie"] == nil)
    Thread.sleep(forTimeInterval: 2.1)
    #expect((try visitor.get("/plain")["set-cookie"] != nil) == always)
    #expect((try visitor.get("/session/get/a")["set-cookie"] != nil) == !always)
  }

  @Test func `autoCommit off leaves saving to manuallyCommit`() throws {
    let visitor = try visitor(#"{ "autoCommit": false }"#)
    #expect(try visitor.post("/session/set", #"{"a": 1}"#)["set-cookie"] == nil)
    #expect(try visitor.post("/session/commit").cookie("EGG_SESS") != nil)
    #expect(try visitor.value("committed") == "1")
  }

  @Test func `other units see members, facts and methods by name`() throws {
    let visitor = try visitor()
    try visitor.post("/session/set", #"{"id": 7}"#)
    #expect(
      try visitor.get("/session/face").body == #"{"type":"egg.session/1","id":7,"isNew":false}"#)
    #expect(try visitor.value("byName") == "1")
  }

  // MARK: stores

  private func storing(_ more: String = "") throws -> Visitor {
    Visitor(
      try Server(
        #"{ "probe": { "memoryStore": true }, "session": { "prefix": "s:"\#(more) } }"#,
        plugins: ["session"]))
  }

  @Test func `with a store the cookie is only a key, and the store outlives the cookie`() throws {
    let visitor = try storing()
    #expect(try visitor.get("/session/get/a")["set-cookie"] == nil)
    try visitor.post("/session/set", #"{"a": 1}"#)
    #expect(try visitor.value("a") == "1")
    let key = try #require(try visitor.get("/session/get/a").json["key"] as? String)
    #expect(key.hasPrefix("s:") && key.count > 48)
    let state = try visitor.get("/session/store").body
    #expect(state.contains(#""key":"\#(key)""#) && state.contains(#""seconds":86410"#))
    #expect(state.contains(#""a":1"#) && state.contains(#""_maxAge":86400000"#))
    // A new value stays under its key.
    try visitor.post("/session/set", #"{"a": 2}"#)
    #expect(try visitor.get("/session/get/a").json["key"] as? String == key)
  }

  @Test func `regenerate moves the session to another key and destroys the old one`() throws {
    let visitor = try storing()
    try visitor.post("/session/set", #"{"a": 1}"#)
    let old = try #require(visitor.jar["EGG_SESS"])
    #expect(try visitor.post("/session/regenerate").body.hasPrefix("s:"))
    #expect(try visitor.value("a") == "1")
    let planted = try visitor.server.get("/session/get/a", ["Cookie": "EGG_SESS=\(old)"])
    #expect(planted.json["value"] == nil)
    #expect(try visitor.get("/session/events").body.contains("missed s:"))
  }

  @Test func `nil destroys it in the store; what an error left is saved all the same`() throws {
    let visitor = try storing()
    try visitor.post("/session/set", #"{"a": 1}"#)
    #expect(try visitor.post("/session/fail").status == 400)
    #expect(try visitor.value("failed") == "1")
    try visitor.post("/session/destroy")
    #expect(try visitor.get("/session/store").body == "[]")
  }

  @Test func `sessions live in Redis when the plugin redis is their store`() throws {
    let redis = try Redis()
    let config = #"""
      { "session": { "store": "redisSessions", "prefix": "s:", "maxAge": 60000 },
        "redis": { "client": { "path": "\#(redis.path)" } } }
      """#
    let server = try Server(config, plugins: ["session", "redis"])
    let visitor = Visitor(server)
    try visitor.post("/session/set", #"{"a": 1}"#)
    #expect(try visitor.value("a") == "1")
    let key = try #require(visitor.jar["EGG_SESS"].map { _ in try redis.ask("KEYS", "s:*") })
    #expect(try redis.ask("GET", key).contains(#""a":1"#))
    let left = try #require(Int(redis.ask("PTTL", key)))
    // Ten seconds more than the cookie.
    #expect((10_000...70_000).contains(left))
    // Another process with the same store knows the visitor.
    let other = try Server(config, plugins: ["session", "redis"])
    let cookie = visitor.jar.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
    #expect(try other.get("/session/get/a", ["Cookie": cookie]).json["value"] as? Int == 1)
    #expect(try visitor.post("/session/regenerate").body.hasPrefix("s:"))
    #expect(try redis.ask("EXISTS", key) == "0")
    try visitor.post("/session/destroy")
    #expect(try redis.ask("DBSIZE") == "0")
  }

  @Test func `a store that nobody adds stops the start and says so`() throws {
    do {
      _ = try server(#"{ "store": "absent" }"#)
      Issue.record("it started")
    } catch let failure as Failure {
      #expect(failure.description.contains("EGG_SESSION"))
      #expect(failure.description.contains("no unit adds an object \"absent\" to the application"))
    }
  }

  @Test(arguments: [
    (#"{ "maxAge": -1 }"#, "config.session.maxAge"), (#"{ "sameSite": "some" }"#, "sameSite"),
    (#"{ "key": 5 }"#, "config.session"),
  ])
  func `a configuration that makes no sense stops the start`(config: String, text: String) throws {
    let failure = #expect(throws: Failure.self) { _ = try server(config) }
    #expect(failure?.description.contains(text) == true)
  }
}

/// A Redis server without a port; it ends with this object.
private final class Redis {
  private let folder: URL
  private let process = Process()
  var path: String { folder.appendingPathComponent("redis.sock").path }

  init() throws {
    folder = URL(fileURLWithPath: "/tmp/egg-redis-\(UUID().uuidString.prefix(8))")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    process.arguments = [
      "redis-server", "--port", "0", "--unixsocket", path, "--save", "", "--dir", folder.path,
    ]
    process.standardOutput = FileHandle.nullDevice
    process.standardError = FileHandle.nullDevice
    try process.run()
    let deadline = Date(timeIntervalSinceNow: 60)
    while try ask("PING") != "PONG" {
      guard process.isRunning, Date() < deadline else {
        throw Failure("redis-server does not start: apt-get install redis-server")
      }
      usleep(20_000)
    }
  }

  func ask(_ words: String...) throws -> String {
    let client = Process()
    client.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    client.arguments = ["redis-cli", "-s", path, "--raw"] + words
    // A file and no pipe: children that start at the same time would hold its other end open.
    let file = folder.appendingPathComponent("said-\(UUID().uuidString)")
    _ = FileManager.default.createFile(atPath: file.path, contents: nil)
    let output = try FileHandle(forWritingTo: file)
    defer { try? output.close() }
    client.standardOutput = output
    client.standardError = FileHandle.nullDevice
    try client.run()
    client.waitUntilExit()
    return try String(contentsOf: file, encoding: .utf8)
      .trimmingCharacters(in: .whitespacesAndNewlines)
  }

  deinit {
    // It may have been started by a thread that blocks other signals, and inherits that.
    kill(process.processIdentifier, SIGKILL)
    process.waitUntilExit()
    try? FileManager.default.removeItem(at: folder)
  }
}
