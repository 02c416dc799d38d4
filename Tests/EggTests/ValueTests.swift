import Testing

@testable import Egg

@Suite("Value") struct ValueTests {
  @Test func `members keep their order and the last of a name wins`() throws {
    let value = try Value(json: #"{"b": 1, "a": 2, "b": 3}"#)
    #expect(value.object?.keys == ["b", "a"])
    #expect(value.b.int == 3)
    #expect(value.json == #"{"b":3,"a":2}"#)
  }

  @Test func `many members are found by an index that follows changes`() {
    var map = ValueMap()
    for number in 0..<50 { map["key\(number)"] = .integer(number) }
    map["key3"] = nil
    #expect(map["key3"] == nil)
    #expect(map["key49"] == .integer(49))
    #expect(map["key4"] == .integer(4))
    #expect(map.count == 49)
  }

  @Test func `reading past what is there gives undefined`() {
    let value: Value = ["list": [1, 2]]
    #expect(value.nothing.here.too.isUndefined)
    #expect(value["list"][5].isUndefined)
    #expect(value.list[1].int == 2)
    #expect(value.at("list.1").int == 2)
  }

  @Test func `setting makes objects on the way`() {
    var value: Value = [:]
    value.client.host = "localhost"
    value.client.ports[1] = 3306
    #expect(value.json == #"{"client":{"host":"localhost","ports":[null,3306]}}"#)
    value.client.host = .undefined
    #expect(value.client.object?.keys == ["ports"])
  }

  @Test func `literals may hold anything that can be encoded`() {
    struct Point: Encodable {
      var x: Int
      var y: Double
    }
    let name = "egg"
    let value: Value = [
      "id": 1, "name": name, "at": Point(x: 1, y: 2.5), "none": String?.none, "ok": true,
    ]
    #expect(value.json == #"{"id":1,"name":"egg","at":{"x":1,"y":2.5},"none":null,"ok":true}"#)
  }

  @Test func `JavaScript's idea of truth`() {
    let truthy: [Value] = [true, 1, "0", [], [:], -0.5]
    let falsy: [Value] = [false, 0, 0.0, "", .null, .undefined, .number(.nan)]
    #expect(truthy.filter { !$0.isTruthy } == [])
    #expect(falsy.filter { $0.isTruthy } == [])
  }
}

@Suite("JSON") struct JSONTests {
  @Test(
    arguments: [
      ("0", .integer(0)), ("-12", .integer(-12)), ("9223372036854775807", .integer(.max)),
      ("9223372036854775808", .number(9_223_372_036_854_775_808)), ("1.5e3", .number(1500)),
      (#""a\n\"\\\/\u00e9\ud83e\udd5a""#, .text("a\n\"\\/é🥚")), (#""\ud800x""#, .text("\u{FFFD}x")),
      (" [ ] ", .list([])), ("{}", .map(ValueMap())), ("true", .boolean(true)), ("null", .null),
    ] as [(String, Value)])
  func `values are read`(text: String, value: Value) throws {
    #expect(try Value(json: text) == value)
  }

  @Test(arguments: [
    ("", 1, 1, "expected a value, found the end of the text"),
    ("{\n  \"a\": 1,\n}", 3, 1, "expected a member's name in double quotes, found \"}\""),
    ("[1 2]", 1, 4, "expected \",\" or \"]\", found \"2\""),
    ("01", 1, 1, "a number may not begin with 0"),
    ("1 x", 1, 3, "expected the end of the text"),
    ("\"a", 1, 3, "the string does not end"),
    ("\"\\x\"", 1, 3, "unknown escape \\\"x\""),
    ("nul", 1, 1, "expected null"),
    ("1.", 1, 3, "expected a digit after \".\", found the end of the text"),
  ])
  func `a mistake has line, column and what was expected`(
    text: String, line: Int, column: Int, message: String
  ) throws {
    let error = try #require(throws: JSONError.self) { try Value(json: text) }
    #expect(error == JSONError(message: message, line: line, column: column))
  }

  @Test func `nesting has a limit`() {
    let deep = String(repeating: "[", count: 100_000)
    #expect(throws: JSONError.self) { try Value(json: deep) }
  }

  @Test func `bytes that are not UTF-8 are refused`() {
    #expect(throws: JSONError.self) { try Value(json: [0x22, 0xFF, 0x22]) }
  }

  @Test func `values are written as JSON.stringify does`() {
    let value: Value = [
      "a": "q\"\\\n\u{01}/é", "b": 1.0, "c": 0.1, "d": Double.nan, "e": Value.undefined,
      "f": [Value.undefined] as Value, "g": Int.min,
    ]
    #expect(
      value.json
        == #"{"a":"q\"\\\n\u0001/é","b":1,"c":0.1,"d":null,"f":[null],"g":-9223372036854775808}"#)
    #expect((["a": [1]] as Value).json(indent: 2) == "{\n  \"a\": [\n    1\n  ]\n}")
    #expect(Value.moment(1_777_631_230_123).json == "\"2026-05-01T10:27:10.123Z\"")
    #expect(Value.data([1, 2, 3, 255]).json == "\"AQID/w==\"")
  }

  @Test func `base64 of RFC 4648 section 10, both ways`() {
    for (plain, text) in [
      ("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foob", "Zm9vYg=="),
      ("fooba", "Zm9vYmE="), ("foobar", "Zm9vYmFy"),
    ] {
      #expect(Base64.encode(Array(plain.utf8)) == Array(text.utf8))
      #expect(Base64.decode(text.utf8) == Array(plain.utf8))
    }
    #expect(Base64.encode([0xFB, 0xFF], url: true, padded: false) == Array("-_8".utf8))
    #expect(Base64.decode("a".utf8) == nil)
    #expect(Base64.decode("ab=c".utf8) == nil)
  }
}

@Suite("Value and Codable") struct ValueCodableTests {
  nonisolated struct Client: Codable, Equatable {
    nonisolated enum Kind: String, Codable { case plain, pool }
    var host: String
    var port: UInt16
    var kind: Kind = .plain
    var tags: [String]?
    var inner: [String: [Int]] = [:]
    var data: [UInt8] = []
  }

  @Test func `a type goes both ways`() throws {
    let client = Client(
      host: "h", port: 3306, kind: .pool, tags: ["a"], inner: ["x": [1, 2]], data: [1, 2])
    let value = try Value(encoding: client)
    #expect(value.port.int == 3306)
    #expect(value.kind.string == "pool")
    #expect(value.data == .data([1, 2]))
    #expect(try value.decode(Client.self) == client)
  }

  @Test func `an error names the member that does not fit`() throws {
    let value: Value = ["host": "h", "port": "3306", "kind": "plain", "inner": [:] as Value]
    let error = try #require(throws: DecodingError.self) { try value.decode(Client.self) }
    #expect(error.summary == "port: expected a whole number, found text")
    let deep: Value = ["list": [["a": 1], ["b": 1]]]
    nonisolated struct Item: Decodable { var a: Int }
    nonisolated struct All: Decodable { var list: [Item] }
    let missing = try #require(throws: DecodingError.self) { try deep.decode(All.self) }
    #expect(missing.summary == "list[1]: \"a\" is missing")
    let range = try #require(throws: DecodingError.self) { try Value(300).decode(UInt8.self) }
    #expect(range.summary == "300 is out of range of UInt8")
  }

  @Test func `the elements of a list are read and written without the list`() throws {
    func elements(_ text: String, skipping: Int = 0) throws -> [Value] {
      try Array(text.utf8).withUnsafeBytes { try Value.elements(json: $0, skipping: skipping) }
    }
    #expect(try elements(#" ["a", 1 , {"b":[2]}] "#) == ["a", 1, ["b": [2]]])
    #expect(try elements(#"["a",1,[2,3]]"#, skipping: 1) == [1, [2, 3]])
    #expect(try elements("[1]", skipping: 3).isEmpty && elements("[]", skipping: 1).isEmpty)
    for wrong in ["", "{}", "1", "[1", "[1,]", "[1]x", #"["a" 1]"#] {
      #expect(throws: JSONError.self) { try elements(wrong, skipping: 1) }
    }
    let text = Value.withJSONList("a", [1, .null, ["b": "\n"]]) {
      String(decoding: $0, as: UTF8.self)
    }
    #expect(text == #"["a",1,null,{"b":"\n"}]"#)
    #expect(Value.withJSONList(.undefined, []) { $0.count } == 6)
  }

  @Test func `nested containers and super encoders are kept`() throws {
    nonisolated struct Odd: Encodable {
      func encode(to encoder: any Encoder) throws {
        enum Key: CodingKey { case inner, list }
        var container = encoder.container(keyedBy: Key.self)
        var inner = container.nestedContainer(keyedBy: Key.self, forKey: .inner)
        try inner.encode(1, forKey: .list)
        var list = container.nestedUnkeyedContainer(forKey: .list)
        try list.encode("a")
        var deeper = list.nestedUnkeyedContainer()
        try deeper.encode(2)
        try 3.encode(to: container.superEncoder())
      }
    }
    #expect(
      try Value(encoding: Odd()).json == #"{"inner":{"list":1},"list":["a",[2]],"super":3}"#)
  }
}
