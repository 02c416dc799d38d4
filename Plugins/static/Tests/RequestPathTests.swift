import Testing

@testable import EggStatic

@Suite("Request path") struct RequestPathTests {
  private func decode(_ raw: String, dotfiles: Bool = false) -> String? {
    decode(Array(raw.utf8), dotfiles: dotfiles)
  }

  private func decode(_ raw: [UInt8], dotfiles: Bool = false) -> String? {
    raw.withUnsafeBufferPointer { RequestPath.decode($0, allowsDotfiles: dotfiles) }
      .map { String(decoding: $0, as: UTF8.self) }
  }

  @Test(arguments: [
    ("app.css", "app.css"), ("js/app.js", "js/app.js"), ("a%20b.txt", "a b.txt"),
    ("%E4%B8%AD.txt", "中.txt"), ("js//app.js", "js/app.js"), ("100%25.txt", "100%.txt"),
    ("a..b.txt", "a..b.txt"), ("..", nil), ("a/./b.txt", nil), ("a.b/c", "a.b/c"),
  ])
  func `a name is decoded and doubled slashes are one`(raw: String, name: String?) {
    #expect(decode(raw) == name)
  }

  @Test(arguments: [
    "../app.js", "a/../b.js", "%2e%2e/app.js", "%2E%2E/app.js", ".%2e/app.js", "a/%2e%2e/b.js",
    "..%2fapp.js", "..%5capp.js", "..\\app.js", "a/..", "%2e", ".", "./a.js",
  ])
  func `nothing leads out of the folder`(raw: String) {
    #expect(decode(raw) == nil)
    #expect(decode(raw, dotfiles: true) == nil)
  }

  @Test(arguments: [
    "a%2fb.js", "a%2Fb.js", "a%00.js", "a\\b.js", "a%5Cb.js", "a%0a.js", "a%7f.js", "a%", "a%4",
    "a%zz", "%", "a%c3", "a%ff%fe", "a%ed%a0%80", "", "/", "js/", "js//",
  ])
  func `what no file is called like is refused`(raw: String) {
    #expect(decode(raw) == nil)
  }

  @Test func `bytes that are no UTF-8 are refused also when they are not encoded`() {
    #expect(decode([0x61, 0xFF]) == nil)
    #expect(decode([0x61, 0x00]) == nil)
  }

  @Test func `a name that begins with a dot is served on demand only`() {
    #expect(decode(".env") == nil)
    #expect(decode("%2eenv") == nil)
    #expect(decode(".git/config") == nil)
    #expect(decode("a/.b/c") == nil)
    #expect(decode(".env", dotfiles: true) == ".env")
    #expect(decode(".git/config", dotfiles: true) == ".git/config")
  }

  @Test func `well-known is a folder like any other`() {
    #expect(decode(".well-known/security.txt") == ".well-known/security.txt")
    #expect(decode(".well-known") == nil)
    #expect(decode(".well-known/.secret") == nil)
  }

  @Test func `a path that is longer than any file's is refused`() {
    #expect(decode(String(repeating: "a", count: 4096)) != nil)
    #expect(decode(String(repeating: "a", count: 4097)) == nil)
  }

  @Test func `no mixture of dots, slashes and escapes makes a name that leads elsewhere`() {
    let pieces = [
      ".", "..", "/", "%", "%2", "%2e", "%2E", "%2f", "%5c", "%00", "\\", "a", "é", "%c3",
    ]
    var state: UInt64 = 42
    for _ in 0..<50_000 {
      var raw = ""
      for _ in 0..<6 {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        raw += pieces[Int(state >> 33) % pieces.count]
      }
      guard let name = decode(raw, dotfiles: true) else { continue }
      let segments = name.split(separator: "/", omittingEmptySubsequences: false)
      let isSafe =
        !segments.contains("") && !segments.contains(".") && !segments.contains("..")
        && !name.utf8.contains(0) && !name.contains("\\")
      if !isSafe { Issue.record("\(raw) became \(name)") }
    }
  }
}
