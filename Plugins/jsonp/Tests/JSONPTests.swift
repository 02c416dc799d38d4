import JSONPEngine
import Testing

@Suite("Calls of a page's function") struct JSONPCallTests {
  @Test(
    arguments: [
      ("show", "show"), ("a.b[0]$_", "a.b[0]$_"), ("a;alert(1)//", "aalert1"),
      ("<script>", "script"),
      ("()", nil), ("", nil), ("\u{2028}é\u{0}", nil), ("%0d%0a", "0d0a"), ("abcdefgh", "abcde"),
      ("((((((abc", "abc"),
    ] as [(String, String?)])
  func `of a name only what names hold is left, up to the limit`(sent: String, name: String?) {
    #expect(JSONPCall.name(sent, limit: name == "abcde" ? 5 : 50) == name)
  }

  @Test func `no limit lets nothing through`() {
    #expect(JSONPCall.name("a", limit: 0) == nil && JSONPCall.name("a", limit: -1) == nil)
  }

  @Test func `a name of any length costs no more than its length`() {
    #expect(JSONPCall.name(String(repeating: "(", count: 1_000_000) + "a", limit: 50) == "a")
  }

  @Test func `the script is what Egg's is`() {
    #expect(
      JSONPCall.text("f", json: #"{"a":1}"#) == #"/**/ typeof f === 'function' && f({"a":1});"#)
    #expect(JSONPCall.text("f", json: "") == "/**/ typeof f === 'function' && f();")
  }

  @Test func `nothing in the content ends the line`() {
    #expect(
      JSONPCall.text("f", json: "\"\u{2028}…\u{2029}\"")
        == "/**/ typeof f === 'function' && f(\"\\u2028…\\u2029\");")
  }
}

@Suite("Pages that may ask") struct PageRuleTests {
  @Test(arguments: [
    (".friend.test", "http://a.friend.test/x", true), (".friend.test", "http://friend.test", true),
    (".friend.test", "http://friend.test.evil/", false),
    ("friend.test", "http://a.friend.test", false),
    ("friend.test", "https://FRIEND.test:8443/", true), ("friend.test", "", false),
    ("friend.test", "http://evil/?http://friend.test/", false),
    ("friend.test", "http://friend.test@evil/", false), ("friend.test", "//friend.test/", false),
    ("/^https:.*x/", "https://any/x", true), ("/^https:.*x/", "http://any/https:x", false),
    ("/^HTTPS:/i", "https://a", true), ("/^HTTPS:/", "https://a", false), ("/", "http://a/", false),
  ])
  func `a host or an expression`(rule: String, referrer: String, fits: Bool) throws {
    #expect(try PageRule(rule).fits(referrer) == fits)
  }

  @Test(arguments: ["/(/", "/[/i", "/a{2,1}/"])
  func `what is no expression is refused with its text`(rule: String) {
    let error = #expect(throws: PageRule.Mistake.self) { try PageRule(rule) }
    #expect(error?.description.hasPrefix("\(rule) is no regular expression") == true)
  }

  @Test func `an address that no browser sends is not looked through`() throws {
    let long = "https://a/" + String(repeating: "a", count: 100_000) + "x"
    #expect(try !PageRule("/^https:.*x/").fits(long))
  }
}
