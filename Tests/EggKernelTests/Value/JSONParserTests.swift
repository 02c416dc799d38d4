import Testing

@testable import EggKernel

@Suite("JSON parser") struct JSONParserTests {
  @Test(
    arguments: [
      ("null", ConfigValue.null), ("true", true), ("false", false), ("0", 0), ("-1", -1),
      ("9223372036854775807", .int(.max)), ("-9223372036854775808", .int(.min)),
      ("9223372036854775808", .double(9_223_372_036_854_775_808)), ("1.5", 1.5), ("1e3", 1000.0),
      ("-0.25E-2", -0.0025), (#""""#, ""), (#""a\"\\\/\b\f\n\r\t""#, "a\"\\/\u{8}\u{C}\n\r\t"),
      (#""\u00e9\ud83d\ude00""#, "é😀"), ("[]", []), ("{}", [:]), (" [1 , \"a\"]\n", [1, "a"]),
      (#"{"a":{"b":[null]}}"#, ["a": ["b": [nil]]]),
    ] as [(String, ConfigValue)])
  func `a correct text has its value`(text: String, value: ConfigValue) throws {
    #expect(try JSONParser.parse(text, file: "x").value == value)
  }

  @Test func `negative zero stays negative`() throws {
    let value = try JSONParser.parse("-0", file: "x").value
    #expect(value.double?.sign == .minus)
  }

  @Test(arguments: [
    "", " ", "nul", "tru", "+1", "01", "-", "1.", ".5", "1e", "1e+", "0x10", "NaN", "Infinity",
    "'a'", "[1,]", "[,1]", "[1 2]", "{\"a\":1,}", "{a:1}", "{\"a\" 1}", "{\"a\":}", "[", "{",
    "{\"a\"", "\"a", "\"\\x\"", "\"\\u12g4\"", "\"\\ud83d\"", "\"\\ude00\"", "\"\\ud83d\\u0041\"",
    "\"a\nb\"", "1 2", "// c\n1", "/* c */ 1", "1e999", "[1]]", "\"\\", "\"\\u", "{\"a\":1 \"b\"}",
  ])
  func `a wrong text is refused`(text: String) {
    #expect(throws: JSONError.self) { try JSONParser.parse(text, file: "x") }
  }

  @Test func `bytes that are no UTF-8 are refused`() {
    for bad: [UInt8] in [
      [0x22, 0xFF, 0x22], [0x22, 0xC0, 0xAF, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22],
    ] {
      #expect(throws: JSONError.self) { try JSONParser.parse(bad, file: "x") }
    }
  }

  @Test func `config files may have comments, trailing commas and a byte order mark`() throws {
    let text =
      "\u{FEFF}// first\n{ /* a /* b **/ \"a\": [1, 2,], // last\n \"url\": \"http://x\", }\n//"
    let document = try JSONParser.parse(text, file: "x", options: .config)
    #expect(document.value == ["a": [1, 2], "url": "http://x"])
  }

  @Test(arguments: ["{,}", "[,]", "[1,,]", "{\"a\":1,,}", "/", "/* open", "{} /x"])
  func `config files may not have more than that`(text: String) {
    #expect(throws: JSONError.self) {
      try JSONParser.parse(text, file: "x", options: .config)
    }
  }

  @Test func `a key twice is refused, or the last one counts`() throws {
    let text = "{\"a\": 1,\n \"a\": 2}"
    let error = try #require(throws: JSONError.self) { try JSONParser.parse(text, file: "x") }
    #expect(error.line == 2)
    #expect(error.column == 2)
    var options = JSONOptions.strict
    options.refusesDuplicateKeys = false
    #expect(try JSONParser.parse(text, file: "x", options: options).value == ["a": 2])
  }

  @Test func `nesting has a limit`() throws {
    let fits = String(repeating: "[", count: 512) + String(repeating: "]", count: 512)
    _ = try JSONParser.parse(fits, file: "x")
    #expect(throws: JSONError.self) { try JSONParser.parse("[" + fits + "]", file: "x") }
    #expect(throws: JSONError.self) {
      try JSONParser.parse(String(repeating: "{\"a\":", count: 100_000), file: "x")
    }
  }

  @Test func `size has a limit`() {
    var options = JSONOptions.strict
    options.maximumBytes = 4
    #expect(throws: JSONError.self) { try JSONParser.parse("12345", file: "x", options: options) }
  }

  @Test func `an error shows the place, the line with a caret, and what to do`() throws {
    let text = "{\n\t\"é\": 1\n  \"b\": 2\n}\n"
    let error = try #require(throws: JSONError.self) {
      try JSONParser.parse(text, file: "config/config.default.json", options: .config)
    }
    #expect(
      error.description == """
        config/config.default.json:3:3: expected "," or "}" after the value of "é", found a double quote
          3 |   "b": 2
            |   ^
          put a comma between two members
        """)
  }

  @Test func `the caret counts characters and keeps tabs`() throws {
    let error = try #require(throws: JSONError.self) {
      try JSONParser.parse("[\n\t\"é\" x]", file: "f")
    }
    #expect(error.excerpt.hasPrefix("  2 | \t\"é\" x]\n    | \t    ^"))
  }

  @Test func `a long line is cut around the mistake`() throws {
    let text = "[" + String(repeating: "1,", count: 5000) + "x]"
    let error = try #require(throws: JSONError.self) { try JSONParser.parse(text, file: "f") }
    #expect(error.column == 10_002)
    #expect(error.lineText.count < 130)
    #expect(error.lineText.hasSuffix("1,x]"))
  }

  @Test func `every value knows its place, a member that of its key`() throws {
    let text = """
      {
        "a": { "b": 1,
          // comment
          "c": [10,
            {"d": null}] },
        "e": 2
      }
      """
    let document = try JSONParser.parse(text, file: "f", options: .config)
    func place(_ path: String...) -> [UInt32]? {
      document.position(at: path).map { [$0.line, $0.column] }
    }
    #expect(place() == [1, 1])
    #expect(place("a") == [2, 3])
    #expect(place("a", "b") == [2, 10])
    #expect(place("a", "c") == [4, 5])
    #expect(place("a", "c", "0") == [4, 11])
    #expect(place("a", "c", "1", "d") == [5, 8])
    #expect(place("e") == [6, 3])
    #expect(place("x") == nil)
    #expect(place("a", "c", "2") == nil)
    #expect(document.root.members.map(\.value.line) == [2, 6])
    #expect(document.root["a"]?["c"]?.elements.map(\.line) == [4, 5])
  }

  @Test func `no cut of a text and no changed byte makes the parser trap`() {
    let text = Array(
      #"{"a":[1,-2.5e3,"x\u00e9\ud83d\ude00\n",true,null],"b":{"c":{}}} // end"#.utf8)
    for length in 0...text.count {
      _ = try? JSONParser.parse(Array(text[..<length]), file: "f", options: .config)
    }
    for place in text.indices {
      for byte: UInt8 in [0, 0x0A, 0x22, 0x2F, 0x5C, 0x7B, 0x7D, 0x5B, 0x2D, 0x80, 0xFF] {
        var changed = text
        changed[place] = byte
        _ = try? JSONParser.parse(changed, file: "f", options: .config)
      }
    }
  }
}
