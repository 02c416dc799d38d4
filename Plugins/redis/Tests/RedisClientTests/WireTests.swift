import Egg
import EggRedis
import Testing

@testable import RedisClient

@Suite("Redis protocol") struct WireTests {
  private func replies(_ text: String, split: Int? = nil) throws -> [Reply] {
    let reader = ReplyReader(capacity: 64)
    let bytes = Array(text.utf8)
    var replies: [Reply] = []
    for part in split.map({ [bytes[..<$0], bytes[$0...]] }) ?? [bytes[...]] {
      reader.append(part)
      while let reply = try reader.next() { replies.append(reply) }
    }
    return replies
  }

  /// Examples of the protocol's specification, and what they mean.
  static let examples: [(String, Value)] = [
    ("+OK\r\n", "OK"), (":1000\r\n", 1000), (":-5\r\n", -5),
    (":9223372036854775807\r\n", .integer(.max)), (":-9223372036854775808\r\n", .integer(.min)),
    ("$5\r\nhello\r\n", "hello"), ("$0\r\n\r\n", ""), ("$-1\r\n", .null), ("*-1\r\n", .null),
    ("*0\r\n", .list([])), ("*2\r\n$3\r\nGET\r\n$3\r\nkey\r\n", .list(["GET", "key"])),
    ("*2\r\n*1\r\n:1\r\n*0\r\n", .list([.list([1]), .list([])])), ("_\r\n", .null),
    ("#t\r\n", true), ("#f\r\n", false), (",1.25\r\n", 1.25), (",inf\r\n", .number(.infinity)),
    (
      "(3492890328409238509324850943850943825024385\r\n",
      "3492890328409238509324850943850943825024385"
    ),
    ("=15\r\ntxt:Some string\r\n", "Some string"),
    ("%2\r\n+first\r\n:1\r\n+second\r\n:2\r\n", ["first": 1, "second": 2]),
    ("~2\r\n:1\r\n#t\r\n", .list([1, true])),
    ("|1\r\n+ttl\r\n:5\r\n*2\r\n:1\r\n:2\r\n", .list([1, 2])),
    ("*2\r\n|1\r\n+ttl\r\n:5\r\n:1\r\n:2\r\n", .list([1, 2])),
  ]

  @Test func `every kind of reply is read, wherever it is cut`() throws {
    for (text, expected) in Self.examples {
      for split in 0...text.utf8.count {
        let all = try replies(text + text, split: split)
        #expect(all.count == 2, "\(text) at \(split)")
        for reply in all { #expect(try reply.get() == expected) }
      }
    }
  }

  @Test func `errors are told from values, also inside of lists`() throws {
    let all = try replies(
      "-WRONGTYPE Operation\r\n!21\r\nSYNTAX invalid syntax\r\n*2\r\n-ERR no\r\n:1\r\n-lower case\r\n"
    )
    #expect(all[0].result == .failure(RedisError(code: "WRONGTYPE", "Operation")))
    #expect(all[1].result == .failure(RedisError(code: "SYNTAX", "invalid syntax")))
    guard case .partial(_, let errors) = all[2] else {
      Issue.record("\(all[2])")
      return
    }
    #expect(errors == [0: RedisError(code: "ERR", "no")])
    #expect(all[3].result == .failure(RedisError(code: "ERR", "lower case")))
  }

  @Test(arguments: [
    "hello\r\n", ":12x\r\n", ":\r\n", ":9223372036854775808\r\n", "$-2\r\n",
    "$99999999999999\r\n", "*-5\r\n", "*99999999999\r\n", "$2\r\nabcd\r\n", "+ok\n", "#x\r\n",
    ",one\r\n", ":99999999999999999999999\r\n", "%9223372036854775807\r\n",
    String(repeating: "*1\r\n", count: 100), "+" + String(repeating: "x", count: 70_000),
  ])
  func `what is no reply, or too large, is refused`(text: String) {
    let error = #expect(throws: RedisError.self) { try replies(text) }
    #expect(error?.code == "EGG_REDIS_PROTOCOL")
  }

  @Test func `any bytes are either a reply, an error, or the beginning of one`() {
    var generator = SystemRandomNumberGenerator()
    let alphabet = Array("*$+-:_#,(!=%~>|0123456789\r\n\r\n\r\nabct\u{7f}".utf8)
    for _ in 0..<20_000 {
      let reader = ReplyReader(capacity: 64)
      let count = Int.random(in: 1..<60, using: &generator)
      reader.append((0..<count).map { _ in alphabet.randomElement(using: &generator)! })
      do throws(RedisError) {
        while try reader.next() != nil {}
      } catch {
        #expect(error.code == "EGG_REDIS_PROTOCOL")
      }
    }
  }

  @Test func `commands are lists of strings, whatever their arguments are`() {
    var writer = CommandWriter()
    writer.write("SET", ["ключ", .data([0, 255]), -120, 1.5, 3.0, true, .list([1, "x"])])
    #expect(
      writer.bytes
        == Array("*9\r\n$3\r\nSET\r\n$8\r\nключ\r\n$2\r\n".utf8) + [0, 255]
        + Array(
          "\r\n$4\r\n-120\r\n$3\r\n1.5\r\n$1\r\n3\r\n$4\r\ntrue\r\n$1\r\n1\r\n$1\r\nx\r\n".utf8))
    writer.removeAll()
    writer.write("X", [.integer(.min), .integer(0), .map(ValueMap([("k", Value.null)]))])
    #expect(
      writer.bytes
        == Array(
          "*5\r\n$1\r\nX\r\n$20\r\n-9223372036854775808\r\n$1\r\n0\r\n$1\r\nk\r\n$0\r\n\r\n".utf8))
  }

  @Test(arguments: [
    ("get", ["k"], ["p:k"]), ("MGET", ["a", "b"], ["p:a", "p:b"]),
    ("MSET", ["a", "1", "b", "2"], ["p:a", "1", "p:b", "2"]), ("PING", ["x"], ["x"]),
    ("BLPOP", ["a", "b", "0"], ["p:a", "p:b", "0"]),
    ("EVAL", ["return 1", "1", "k", "v"], ["return 1", "1", "p:k", "v"]),
    ("EVAL", ["return 1", "9", "k"], ["return 1", "9", "k"]),
    (
      "ZUNIONSTORE", ["d", "2", "a", "b", "WEIGHTS", "1", "2"],
      ["p:d", "2", "p:a", "p:b", "WEIGHTS", "1", "2"]
    ),
    (
      "XREAD", ["COUNT", "2", "STREAMS", "a", "b", "0", "0"],
      ["COUNT", "2", "STREAMS", "p:a", "p:b", "0", "0"]
    ),
    ("RENAME", ["a", "b"], ["p:a", "p:b"]), ("BITOP", ["AND", "d", "a"], ["AND", "p:d", "p:a"]),
    ("SCAN", ["0", "MATCH", "x*"], ["0", "MATCH", "x*"]), ("PUBLISH", ["c", "m"], ["c", "m"]),
    ("OBJECT", ["ENCODING", "k"], ["ENCODING", "p:k"]), ("DEL", [], []),
  ])
  func `the prefix goes in front of keys and of nothing else`(
    name: String, arguments: [String], expected: [String]
  ) {
    let values: [Value] = arguments.map { .text($0) }
    let result = CommandTraits(name, values).prefixed(values, "p:")
    #expect(result == expected.map { .text($0) })
  }

  /// - Source: the cluster specification's own example and Redis' CLUSTER KEYSLOT.
  @Test func `a key's slot is that of its tag`() {
    #expect(Slot.of(Array("123456789".utf8)) == 0x31C3)
    #expect(Slot.of(Array("foo".utf8)) == 12182)
    #expect(Slot.of(Array("{user1000}.following".utf8)) == Slot.of(Array("user1000".utf8)))
    #expect(Slot.of(Array("foo{}{bar}".utf8)) != Slot.of(Array("bar".utf8)))
    #expect(Slot.of(Array("foo{{bar}}zap".utf8)) == Slot.of(Array("{bar".utf8)))
    #expect(Slot.of([]) == 0)
  }
}
