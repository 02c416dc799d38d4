import Egg
import Foundation
import MessagePack
import SocketIORedis
import Testing

/// What Node's adapters put on the wire, recorded from `@socket.io/redis-adapter` 8 (classic,
/// sharded and emitter) and `socket.io-redis` 5.
nonisolated enum Corpus {
  struct Message {
    let channel: String
    /// "MSGPACK" or "JSON".
    let form: String
    let bytes: [UInt8]
    /// As JavaScript printed it.
    let meaning: Value
  }

  static func messages(_ name: String) throws -> [Message] {
    let file = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .appendingPathComponent("corpus/\(name).txt")
    var messages: [Message] = []
    var channel = ""
    var packed: [UInt8]?
    for line in try String(contentsOf: file, encoding: .utf8).split(separator: "\n") {
      let words = line.split(separator: " ", maxSplits: 1)
      guard words.count == 2 else { continue }
      switch words[0] {
      case "PUBLISH", "SPUBLISH", "SPUBLISH(seen)": channel = String(words[1])
      case "JSON":
        messages.append(
          Message(
            channel: channel, form: "JSON", bytes: Array(words[1].utf8),
            meaning: try Value(json: String(words[1]))))
      case "MSGPACK": packed = hex(words[1])
      case "=":
        if let bytes = packed {
          messages.append(
            Message(
              channel: channel, form: "MSGPACK", bytes: bytes,
              meaning: try Value(json: String(words[1]))))
        }
        packed = nil
      default: break
      }
    }
    return messages
  }

  static func hex(_ text: some StringProtocol) -> [UInt8] {
    let digits = Array(text.utf8)
    return stride(from: 0, to: digits.count - 1, by: 2).compactMap {
      UInt8(String(decoding: digits[$0...($0 + 1)], as: UTF8.self), radix: 16)
    }
  }

  /// A value as JavaScript's JSON prints it.
  static func printed(_ value: Value) -> Value {
    switch value {
    case .data(let bytes):
      ["type": "Buffer", "data": Value.list(bytes.map { .integer(Int($0)) })]
    case .moment: .text(String(value.json.dropFirst().dropLast()))
    case .list(let list): .list(list.map { printed($0) })
    case .map(let map): .map(ValueMap(map.map { ($0.key, printed($0.value)) }))
    default: value
    }
  }
}

@Suite("Socket.IO on Redis: the wire") struct WireTests {
  @Test(arguments: ["adapter-8", "adapter-5"])
  func `every recorded message is read as JavaScript meant it, and written as it was`(name: String)
    throws
  {
    let messages = try Corpus.messages(name)
    #expect(messages.count > 15)
    #expect(messages.contains { $0.form == "MSGPACK" } && messages.contains { $0.form == "JSON" })
    for message in messages where message.form == "MSGPACK" {
      let value = try MessagePackReader.read(message.bytes)
      #expect(Corpus.printed(value) == message.meaning)
      // `undefined` is read as null, which is written as such.
      guard !message.bytes.contains(0xD4) else { continue }
      #expect(MessagePackWriter.write(value) == message.bytes)
    }
  }

  @Test func `every recorded message is of a kind that is known, and is written byte for byte`()
    throws
  {
    var kinds = (broadcasts: 0, requests: 0, sharded: 0)
    for message in try Corpus.messages("adapter-8") {
      if let broadcast = BroadcastMessage(message.bytes) {
        kinds.broadcasts += 1
        guard !message.bytes.contains(0xD4) else { continue }
        let style: AdapterTarget.Style = broadcast.uid == "emitter" ? .emitter : .server
        #expect(broadcast.bytes(style) == message.bytes)
      } else if message.meaning.nsp.exists {
        kinds.sharded += 1
        let sharded = try #require(ShardedMessage(message.bytes))
        #expect(sharded.bytes == message.bytes)
      } else {
        kinds.requests += 1
        let request = try #require(AdapterRequest(message.bytes))
        #expect(request.bytes == message.bytes, "\(message.meaning)")
      }
    }
    #expect(kinds.broadcasts == 9 && kinds.requests > 10 && kinds.sharded > 15)
    for message in try Corpus.messages("adapter-5") {
      if let broadcast = BroadcastMessage(message.bytes) {
        #expect(broadcast.bytes(.legacy) == message.bytes)
      } else {
        let request = try #require(LegacyRequest(message.bytes))
        #expect(request.bytes == message.bytes)
      }
    }
  }

  @Test func `messages are made as Node makes them`() {
    let packet: Value = ["type": 2, "data": ["hello"] as Value, "nsp": "/"]
    let target = AdapterTarget(rooms: ["r1", "r2"], except: ["r3"])
    #expect(
      BroadcastMessage(uid: "FO1xQZ", packet: packet, target: target).bytes()
        == Corpus.hex(
          "93a6464f3178515a83a47479706502a46461746191a568656c6c6fa36e7370a12f83a5726f6f6d7392a27231a2"
            + "7232a665786365707491a27233a5666c61677380"))
    let rooms: Value = ["x", "y"]
    let order = AdapterRequest(
      uid: "FO1xQZ", .remoteJoin,
      [("opts", AdapterTarget(rooms: ["r1"]).value(.request)), ("rooms", rooms)])
    #expect(
      String(decoding: order.bytes, as: UTF8.self)
        == #"{"uid":"FO1xQZ","type":2,"opts":{"rooms":["r1"],"except":[]},"rooms":["x","y"]}"#)
    let count = AdapterRequest(
      requestId: "rco_ps", .broadcastClientCount, [("clientCount", .integer(1))])
    #expect(
      String(decoding: count.bytes, as: UTF8.self)
        == #"{"type":8,"requestId":"rco_ps","clientCount":1}"#)
    let sharded = ShardedMessage(
      .serverSideEmit, ["packet": ["ev", 1] as Value] as Value, uid: "f808ae01c3bd427f",
      namespace: "/")
    #expect(
      String(decoding: sharded.bytes, as: UTF8.self)
        == #"{"type":9,"data":{"packet":["ev",1]},"uid":"f808ae01c3bd427f","nsp":"/"}"#)
  }

  @Test func `rooms that are numbers, and parts that are missing, are understood`() {
    let old = MessagePackWriter.write(
      .list(["emitter", ["type": 2, "data": ["e"] as Value], ["rooms": [7, "a"] as Value]]))
    let message = BroadcastMessage(old)
    #expect(message?.namespace == "/")
    #expect(message?.target == AdapterTarget(rooms: ["7", "a"]))
    #expect(BroadcastMessage(MessagePackWriter.write(.list(["u", ["a": 1]])))?.target.rooms == [])
    #expect(BroadcastMessage([0x93, 0xA1]) == nil && BroadcastMessage([]) == nil)
    #expect(AdapterRequest(Array(#"{"type":99}"#.utf8)) == nil)
    #expect(ShardedMessage(Array(#"{"type":3}"#.utf8)) == nil)
  }

  @Test func `a server that lies about its clients delays answers and breaks nothing`() {
    var asked = AnnouncedClients()
    asked.count(2)
    #expect(!asked.haveAnswered)
    asked.servers = 2
    asked.answers = 2
    #expect(!asked.haveAnswered)
    // Less than nobody is nobody.
    asked.count(.min)
    #expect(asked.haveAnswered)
    for _ in 0..<3 { asked.count(.max) }
    #expect(!asked.haveAnswered)
    asked.answers = 1 << 40
    #expect(asked.haveAnswered)
  }
}
