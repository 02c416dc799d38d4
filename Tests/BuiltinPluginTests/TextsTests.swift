import Egg
import EggI18nTexts
import Testing

/// - Source: YAML 1.2.2, chapters 6 to 8, as far as texts go; `.properties` as Java's `Properties.load`,
///   with the sections of ini files.
@MainActor @Suite("Files of texts") struct TextsTests {
  private func yaml(_ text: String) throws -> String {
    Value.map(try YAMLReader.read(Array(text.utf8))).json
  }
  private func properties(_ text: String) throws -> String {
    Value.map(try PropertiesReader.read(Array(text.utf8))).json
  }

  @Test(arguments: [
    ("a: b", #"{"a":"b"}"#), ("a: b\r\nc: d\r\n", #"{"a":"b","c":"d"}"#), ("", "{}"),
    ("\u{FEFF}a: b", #"{"a":"b"}"#), ("a: ~\nb: null\nc: 1", #"{"c":"1"}"#),
    ("a:\n b: 1\n c:\n   d: 2\n e: 3\nf: 4", #"{"a.b":"1","a.c.d":"2","a.e":"3","f":"4"}"#),
    ("a: x # y\nb: x#y", #"{"a":"x","b":"x#y"}"#), ("a:b: c", #"{"a:b":"c"}"#),
    (#""a: b": 'c''d'"#, #"{"a: b":"c'd"}"#), (#"a: "\u00e9 \"x\" \\""#, #"{"a":"é \"x\" \\"}"#),
    ("a: http://x.test/?a=1", #"{"a":"http://x.test/?a=1"}"#), ("a: ''", #"{"a":""}"#),
  ])
  func `YAML of texts`(text: String, json: String) throws { #expect(try yaml(text) == json) }

  @Test(arguments: [
    "a", "- a", "a: [b]", "a: {b: c}", "a: &x b", "a: *x", "a: |", "a: >", "a: 'b", "a: 'b' c",
    "a: 1\n   b: 2", "\ta: b", "a:\n    b: 1\n  c: 2", "? a", "!x: b", ": b",
  ])
  func `other YAML is refused with its line`(text: String) throws {
    let error = #expect(throws: EggError.self) { try yaml(text) }
    #expect(error?.message.hasPrefix("line ") == true)
  }

  @Test(arguments: [
    ("a=b", #"{"a":"b"}"#), ("a : b = c", #"{"a":"b = c"}"#), ("#a\n!b\n;c\n\n", "{}"),
    ("[x]\na=1\n[]\nb=2", #"{"x.a":"1","b":"2"}"#), ("a=b\\\n   c", #"{"a":"bc"}"#),
    (#"a=\u4e2d\ud83d\ude00\n\t\\"#, #"{"a":"中😀\n\t\\"}"#), (#"a=\u12"#, #"{"a":"\\u12"}"#),
    (#"a=b\"#, #"{"a":"b"}"#), ("a=", #"{"a":""}"#),
  ])
  func `properties`(text: String, json: String) throws { #expect(try properties(text) == json) }

  @Test func `hostile files cost no more than their length`() throws {
    #expect(throws: EggError.self) { try yaml(String(repeating: "a:\n", count: 1) + deep(100)) }
    #expect(try properties(String(repeating: "a=\\\n", count: 50_000)).count < 200_000)
    #expect(throws: EggError.self) { try yaml("a: \"" + String(repeating: "\\", count: 100_001)) }
    #expect(try yaml(String(repeating: ":", count: 200_000)) == "{}")
  }

  private func deep(_ levels: Int) -> String {
    (1...levels).map { String(repeating: " ", count: $0) + "a:\n" }.joined()
  }

  @Test func `a malformed sign in a text stays, and values fill it`() {
    #expect(normalized("ZH_cn") == "zh-cn")
    let texts = Texts()
    #expect(texts.text("de", ["%s and %", "a"]) == "a and %")
    #expect(texts.text("de", ["{0} {1} {9}", ["x", 2] as Value]) == "x 2 {9}")
    #expect(texts.text("de", ["{a} {b", ["a": 1] as Value]) == "1 {b")
    #expect(texts.text("de", []) == "")
  }
}
