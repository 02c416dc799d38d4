import Testing

@testable import EggKernel

@Suite("JSON writer") struct JSONWriterTests {
  // Expected texts from ECMA-262, Number::toString, and its examples.
  @Test(
    arguments: [
      (0.0, "0"), (-0.0, "0"), (1, "1"), (-1.5, "-1.5"), (100, "100"), (0.1, "0.1"),
      (0.1 + 0.2, "0.30000000000000004"), (123456.789, "123456.789"), (0.000001, "0.000001"),
      (0.0000001, "1e-7"), (1.5e-7, "1.5e-7"), (1e20, "100000000000000000000"),
      (123_456_789_012_345_683_968, "123456789012345680000"), (1e21, "1e+21"),
      (1.25e21, "1.25e+21"),
      (.leastNonzeroMagnitude, "5e-324"), (1.7976931348623157e308, "1.7976931348623157e+308"),
      (9_007_199_254_740_992, "9007199254740992"), (0.00001, "0.00001"),
      (1e16, "10000000000000000"),
      (.infinity, "null"), (-.infinity, "null"), (.nan, "null"), (4.35, "4.35"),
    ] as [(Double, String)])
  func `a double looks as JavaScript prints it`(number: Double, text: String) {
    #expect(javaScriptText(of: number) == text)
  }

  @Test func `strings escape what JSON forbids and nothing else`() {
    #expect(
      JSONWriter.text("\"\\/\u{8}\u{C}\n\r\t\u{1}\u{1F}\u{7F}é\u{2028}")
        == #""\"\\/\b\f\n\r\t\u0001\u001f"# + "\u{7F}é\u{2028}\"")
  }

  @Test func `compact and pretty texts have the shape of JSON.stringify`() {
    let value: ConfigValue = ["a": [1, "x", nil], "b": [:], "c": [], "d": ["e": true]]
    #expect(JSONWriter.text(value) == #"{"a":[1,"x",null],"b":{},"c":[],"d":{"e":true}}"#)
    #expect(
      JSONWriter.text(value, indentation: 2) == """
        {
          "a": [
            1,
            "x",
            null
          ],
          "b": {},
          "c": [],
          "d": {
            "e": true
          }
        }
        """)
  }

  @Test func `what is written is read back`() throws {
    let value: ConfigValue = ["n": .int(.min), "d": 1.0e-300, "s": "\u{0}😀", "l": [[], [:]]]
    #expect(try JSONParser.parse(JSONWriter.text(value), file: "f").value == value)
  }
}

@Suite("Suggestion") struct SuggestionTests {
  @Test(arguments: [
    ("enabled", "enable"), ("evn", "env"), ("Package", "package"), ("dependancies", "dependencies"),
  ])
  func `a slip finds the word that was meant`(word: String, meant: String) {
    #expect(
      Suggestion.closest(to: word, among: ["enable", "env", "package", "dependencies"]) == meant)
  }

  @Test func `a word that is far from all gets none`() {
    #expect(Suggestion.closest(to: "zebra", among: ["enable", "env"]) == nil)
    #expect(Suggestion.closest(to: "", among: ["a"]) == nil)
  }

  @Test(arguments: [("kitten", "sitting", 3), ("ab", "ba", 1), ("", "abc", 3), ("same", "same", 0)])
  func `the distance counts letters to change`(left: String, right: String, distance: Int) {
    #expect(Suggestion.distance(Array(left.utf8), Array(right.utf8)) == distance)
  }
}
