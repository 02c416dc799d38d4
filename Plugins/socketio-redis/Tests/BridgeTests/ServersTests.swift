import Foundation
import RedisTestSupport
import Testing

@Suite("Socket.IO servers on one Redis") struct ServersTests {
  @Test(arguments: [false, true])
  func `rooms, questions and orders reach clients of the other server`(sharded: Bool) async throws {
    let redis = try await RedisServer.start()
    let config =
      #"{"io":{"redis":{"host":"127.0.0.1","port":\#(redis.port),"auth_pass":"","db":0,"requestsTimeout":20000,"sharded":\#(sharded)}}}"#
    let probe = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().appendingPathComponent("probe")
    let one = try await EggServer.start(probe, config: config)
    let two = try await EggServer.start(probe, config: config)
    let ada = try await PollingClient.connect(one.port)
    let bob = try await PollingClient.connect(two.port)
    let eve = try await PollingClient.connect(two.port)
    #expect(try await ada.ask(#"["join","room"]"#) == #"["ok"]"#)
    #expect(try await bob.ask(#"["join","room"]"#) == #"["ok"]"#)
    #expect(try await ada.ask(#"["count"]"#) == "[3]")
    #expect(try await eve.ask(#"["clients","room"]"#) == "[2]")

    // Everybody in the room, wherever.
    try await eve.post(#"42["to-room","room","news",{"a":1}]"#)
    #expect(try await ada.next() == #"42["news",{"a":1}]"#)
    #expect(try await bob.next() == #"42["news",{"a":1}]"#)

    // A question to both; their answers come back to the server of the one who asks.
    try await eve.post(#"421["ask-room","room"]"#)
    for (client, name) in [(ada, "ada"), (bob, "bob")] {
      let question = try await client.next()
      #expect(question.hasSuffix(#"["question",1]"#))
      let id = question.dropFirst(2).prefix(while: \.isNumber)
      try await client.post("43\(id)[\"\(name)\"]")
    }
    #expect(try await eve.next() == #"431[["ada","bob"]]"#)

    // From server to server, with and without an answer.
    try await ada.post(#"42["tell-servers",{"n":1}]"#)
    try await ada.waits(
      for: #"[[{"of":"you","told":[{"n":1}]}]]"#, to: #"["ask-servers","you"]"#)
    #expect(try await bob.ask(#"["ask-servers",2]"#) == #"[[{"of":2,"told":[]}]]"#)

    // Orders about a client of the other server.
    try await ada.post(#"42["move","\#(eve.id)","room"]"#)
    try await ada.waits(for: "[3]", to: #"["clients","room"]"#)
    #expect(try await ada.ask(#"["kick","\#(bob.id)"]"#) == #"["ok"]"#)
    try await ada.waits(for: "[2]", to: #"["count"]"#)

    // By an id that the application made, which the other server's adapter takes for a room like any.
    let lovelace = try await PollingClient.connect(one.port, query: "&id=lovelace")
    #expect(lovelace.id == "lovelace")
    var told: String?
    let listening = Task { told = try await lovelace.next() }
    for _ in 0..<600 where told == nil {
      try await eve.post(#"42["to-room","lovelace","hello",1]"#)
      try await Task.sleep(for: .milliseconds(50))
    }
    #expect(told?.hasPrefix(#"42["hello",1]"#) == true)
    listening.cancel()
    try await lovelace.post("1")
    try await ada.waits(for: "[2]", to: #"["count"]"#)

    // Without Redis each server goes on alone.
    redis.stop()
    #expect(try await ada.ask(#"["join","alone"]"#) == #"["ok"]"#)
    try await ada.post(#"42["to-room","alone","here",1]"#)
    #expect(try await ada.next() == #"42["here",1]"#)
    try await redis.restart()
    try await ada.waits(for: "[2]", to: #"["count"]"#)
  }
}
