import EggSecurityRules
import Testing

@Suite("Text made safe") struct EscapedTests {
  @Test(arguments: [
    ("<a b=\"c\">'&", "&lt;a b=&quot;c&quot;&gt;&#39;&amp;"), ("ünï", "ünï"), ("", ""),
  ])
  func `html`(text: String, expected: String) { #expect(Escaped.html(text) == expected) }

  @Test(arguments: [
    ("\"hello\"", "\\x22hello\\x22"), ("</script>", "\\x3c\\x2fscript\\x3e"),
    ("a\n\tb", "a\\n\\tb"),
    ("it's\\", "it\\x27s\\x5c"), ("\u{2028}é", "\\u2028é"), ("\u{0}", "\\x00"),
  ])
  func `text of a script`(text: String, expected: String) {
    #expect(Escaped.javaScript(text) == expected)
  }

  @Test func `json stays json`() {
    #expect(
      Escaped.json(#"{"a":"</script><!--'&"}"#)
        == #"{"a":"\u003c/script\u003e\u003c!--\u0027\u0026"}"#)
  }

  @Test(arguments: [
    ("http://a.test/x?a=1&b=2", "http://a.test/x?a=1&b=2"), ("HTTPS://a.test", "HTTPS://a.test"),
    ("/local", "/local"), ("javascript:alert(1)", ""), ("javascript://%0aalert(1)", ""),
    ("ftp://a.test", ""), ("sms://a.test", "sms://a.test"),
    ("http://a.test/\"><script>", "http://a.test/&quot;&gt;&lt;script&gt;"), (" http://a", ""),
    ("", ""),
  ])
  func `urls of known protocols only`(url: String, expected: String) {
    #expect(Escaped.url(url, protocols: ["SMS"]) == expected)
  }

  @Test(
    arguments: [
      ("a/b.txt", "a/b.txt"), ("/etc/passwd", nil), ("../x", nil), ("a/%2e%2e/x", nil),
      ("%252e%252e/x", nil), ("%2fetc", nil), ("a%zz", "a%zz"), ("a%00b", nil), ("..\\x", nil),
    ] as [(String, String?)])
  func `paths that stay below`(path: String, expected: String?) {
    #expect(Escaped.path(path) == expected)
  }

  @Test func `the shell`() {
    #expect(Escaped.shellArgument("it's $HOME") == "'it'\\''s $HOME'")
    #expect(Escaped.shellCommand("ls -l; rm `x` $(y) | z > \"f\"\n") == "ls -l rm x y  z  f")
    #expect(Escaped.commandLine("a-b_c.d;e f/é") == "a-b_c.def")
  }
}

@Suite("HTML of visitors") struct HTMLFilterTests {
  private func clean(_ html: String) -> String {
    HTMLFilter { isSafeDomain($0, [".safe.test"]) }.clean(html)
  }

  @Test(arguments: [
    ("<b>hi</b> <i>x</i><br/>", "<b>hi</b> <i>x</i><br />"),
    ("<b onclick=\"x()\" class=y>hi</b>", "<b>hi</b>"),
    ("<script>alert(1)</script>", "&lt;script&gt;alert(1)&lt;/script&gt;"),
    ("<SCRIPT src=//x></SCRIPT>", "&lt;SCRIPT src=//x&gt;&lt;/SCRIPT&gt;"),
    ("a < b > c", "a &lt; b &gt; c"), ("<!-- <b> -->x<!--", "x"), ("<b", "&lt;b"),
    ("<a href=\"http://www.safe.test/\">x</a>", "<a href=\"http://www.safe.test/\">x</a>"),
    ("<a href='/x?a=\"b\"'>x</a>", "<a href=\"/x?a=&quot;b&quot;\">x</a>"),
    ("<a href=\"http://evil.test/\" title=t>x</a>", "<a title=\"t\">x</a>"),
    ("<a href=\"javascript:alert(1)\">x</a>", "<a>x</a>"),
    ("<a href=\"&#x6A;avascript&colon;alert(1)\">x</a>", "<a>x</a>"),
    ("<a href=\" java\tscript:x\">x</a>", "<a>x</a>"),
    ("<a href=\"//evil.test/\">x</a>", "<a>x</a>"), ("<a href=\"/\\evil.test\">x</a>", "<a>x</a>"),
    ("<img src=x onerror=alert(1)>", "<img>"), ("<img src=\"#a\"/>", "<img src=\"#a\" />"),
    ("<b title=\"<b>\">", "<b>"), ("<b/onclick=x>", "<b>"), ("<b a=<i>", "&lt;b a=<i>"),
    ("<b =x>y", "<b>y"),
    ("<é>", "&lt;é&gt;"),
    ("<svg><a xlink:href=x>", "&lt;svg&gt;<a>"),
  ])
  func `only the list gets through`(html: String, expected: String) {
    #expect(clean(html) == expected)
  }

  @Test func `hostile input costs no more than its length`() {
    for piece in ["<", "<a ", "<!--", "<a href='", "&#", "<a b=\"<", "<a b="] {
      _ = clean(String(repeating: piece, count: 20_000))
    }
    #expect(Escaped.path("%" + String(repeating: "25", count: 200_000)) == nil)
  }
}

@Suite("Hosts and addresses") struct AddressTests {
  @Test(arguments: [
    ("a.test", ["a.test"], true), ("A.TEST", ["a.test"], true), ("x.a.test", ["a.test"], false),
    ("x.a.test", [".a.test"], true), ("a.test", [".a.test"], true), ("ba.test", [".a.test"], false),
    ("x.y.a.test", ["*.a.test"], true), ("a.test", ["*.a.test"], false),
    ("foo1.b", ["foo*.b"], true), ("a.test.evil", [".a.test"], false), ("", ["*"], false),
    ("a", [""], false),
  ])
  func `a host is in a list`(host: String, list: [String], expected: Bool) {
    #expect(isSafeDomain(host, list) == expected)
  }

  @Test(
    arguments: [
      ("https://user@A.test:8443/x", "a.test"), ("http://[::1]:80/", "[::1]"), ("/x", nil),
      ("http:///x", nil), ("http://a.test\\@b.test", "a.test"),
    ] as [(String, String?)])
  func `the host of a url`(url: String, expected: String?) { #expect(hostOf(url) == expected) }

  @Test(arguments: [
    ("10.1.2.3", "", false), ("11.1.2.3", "", true), ("10.0.0.8", "", true),
    ("::ffff:10.1.2.3", "", false), ("[::ffff:10.1.2.3]", "", false),
    ("64:ff9b::10.1.2.3", "", false),
    ("::10.1.2.3", "", false), ("fd00::1", "", false), ("fe00::1", "", true), ("::1", "", false),
    ("127.0.0.1", "", false), ("127.0.0.2", "", true), ("10.1.2.3", "in.test", true),
    ("nonsense", "", false), ("0x7f.1", "", false),
  ])
  func `an address may be asked`(address: String, host: String, expected: Bool) throws {
    let rules = try AddressRules(
      denied: ["10.0.0.0/8", "127.0.0.1", "fc00::/7", "::1"], excepted: ["10.0.0.8"],
      hostnames: ["in.test"])
    #expect(rules.allows(address, hostname: host) == expected)
  }

  @Test func `without a list everything may be asked`() throws {
    #expect(try AddressRules(denied: []).allows("127.0.0.1"))
  }

  @Test(arguments: ["10.0.0.0/33", "10.0.0/8", "a/8", "", "::1/129", "1.2.3.4/"])
  func `what is no address is refused`(text: String) {
    let error = #expect(throws: AddressRules.Mistake.self) { try AddressRules(denied: [text]) }
    #expect(error?.description.contains("\"\(text)\"") == true)
  }

  @Test(arguments: [
    ("/a/b", true), ("/a/../b", true), ("/..", false), ("/a/../../b", false), ("/%2e%2e/x", false),
    ("/a/%2E%2e%2f..%2fx", false), ("/..%5cx", false), ("/a..b/...", true), ("/%zz/..", true),
    ("/%zz/../..", false),
    ("/", true), ("", true), ("/./a", true),
  ])
  func `a path stays below the root`(path: String, expected: Bool) {
    var path = path
    #expect(path.withUTF8 { staysBelowRoot($0) } == expected)
  }
}

@Suite("Templates get fields") struct InjectionTests {
  private let field = "<input type=\"hidden\" name=\"_csrf\" value=\"T\" />"

  @Test func `posted forms get the field, once`() {
    #expect(
      TemplateInjection.csrf("<form method=\"post\" action='>'>a</form>b", value: "T")
        == "<form method=\"post\" action='>'>\(field)a</form>b")
    #expect(
      TemplateInjection.csrf("<FORM METHOD=Post>a</FORM>", value: "T")
        == "<FORM METHOD=Post>\(field)a</FORM>")
    #expect(
      TemplateInjection.csrf("<form method=post>1</form><form method=post>2", value: "T")
        == "<form method=post>\(field)1</form><form method=post>\(field)2")
  }

  @Test(arguments: [
    "<form>a</form>", "<form method=get>a</form>", "<form method", "<formula method=post>",
    "<form method=post><input name=\"_csrf\"></form>",
    "<form method=post><input name='_csrf'></form>",
  ])
  func `other forms stay as they are`(source: String) {
    #expect(TemplateInjection.csrf(source) == source)
  }

  @Test func `scripts get the nonce unless they have one`() {
    #expect(
      TemplateInjection.nonce("<script>a</script><script src=\"b\"></script>", value: "N")
        == "<script nonce=\"N\">a</script><script nonce=\"N\" src=\"b\"></script>")
    #expect(
      TemplateInjection.nonce(
        "<script {% if a > b %}async{% endif %}>\"<script>\"</script>", value: "N"
      )
      .hasPrefix("<script nonce=\"N\" {% if"))
    for source in ["<script nonce=\"x\">a</script>", "<scripts>", "<script"] {
      #expect(TemplateInjection.nonce(source) == source)
    }
  }
}
