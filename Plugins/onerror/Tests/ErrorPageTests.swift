import ErrorPages
import Foundation
import Testing

@Suite("Error pages") struct ErrorPageTests {
  @Test func `a template is filled by name, with or without blanks`() throws {
    let template = try PageTemplate("<h1>{{status}} {{  message }}</h1>{{cause}}")
    #expect(
      template.filled(["status": "500", "message": "{{ status }}"]) == "<h1>500 {{ status }}</h1>")
  }

  @Test(arguments: [
    ("a\nb {{ mesage }}", "line 2: there is no {{ mesage }}"),
    ("{{ status", "line 1: \"{{\" without"),
    ("{{}}", "line 1: there is no {{  }}"),
  ])
  func `what is not known is named with its line`(text: String, message: String) {
    let error = #expect(throws: PageTemplate.Mistake.self) { try PageTemplate(text) }
    #expect(error?.description.hasPrefix(message) == true, "\(error?.description ?? "")")
  }

  @Test(arguments: [
    ("<script>", "&lt;script&gt;"), ("\"'&", "&quot;&#39;&amp;"),
    ("\u{0}\u{202E}é", "\u{0}\u{202E}é"),
    ("", ""),
  ])
  func `nothing of an error becomes HTML`(text: String, expected: String) {
    #expect(HTML.escaped(text) == expected)
  }

  @Test func `an excerpt has five lines on each side, and ends with the file`() throws {
    let file = FileManager.default.temporaryDirectory.appendingPathComponent(UUID().uuidString)
    defer { try? FileManager.default.removeItem(at: file) }
    try Data((1...20).map { "line \($0)" }.joined(separator: "\n").utf8).write(to: file)
    #expect(try #require(SourceExcerpt(file.path, line: 10)).lines.map(\.number) == Array(5...15))
    #expect(try #require(SourceExcerpt(file.path, line: 1)).lines.map(\.number) == Array(1...6))
    let last = try #require(SourceExcerpt(file.path, line: 20)).lines
    #expect(last.map(\.number) == Array(15...20) && last.last?.text == "line 20")
    for line in [0, -1, 21, Int.max, Int.min] {
      #expect(SourceExcerpt(file.path, line: line) == nil)
    }
    #expect(SourceExcerpt(file.path + "x", line: 1) == nil)
    #expect(SourceExcerpt("/dev/zero", line: 1) == nil)
    #expect(SourceExcerpt(FileManager.default.temporaryDirectory.path, line: 1) == nil)
  }

  @Test(arguments: [
    "at handler (/srv/app.js:3:7)", "/lib/x.so+0x", "/lib/x.so+0xZZ name", "+0x10", "/lib/x.so",
    " ",
    "/nowhere/lib.so+0xffffffffffffffffffff name", "/\"quoted\".so+0x10 $s",
  ])
  func `lines of other forms stay as they are`(line: String) {
    let stack = Stack(line)
    #expect(stack.frames.count == 1 && !stack.frames[0].isUnits)
    #expect(!stack.text.isEmpty)
  }

  @Test func `a frame of this program has a name that people read`() {
    let stack = Stack("/nowhere/lib.so+0x10 $sSS5countSivg\nplain")
    #expect(stack.frames[0].function == "Swift.String.count.getter : Swift.Int")
    #expect(stack.text == "    at Swift.String.count.getter : Swift.Int (/nowhere/lib.so)\nplain")
  }

  @Test func `what is private to a file is shown by its name`() {
    let symbol = "$s9EggKernel7ContextC9enterNext33_766D16B07829F066DFAF67C0E96E42F1LLSbyF"
    #expect(
      Stack("/nowhere/lib.so+0x10 \(symbol)").frames[0].function
        == "EggKernel.Context.enterNext() -> Swift.Bool")
  }

  @Test func `a stack of any length costs no more than its length`() {
    let stack = Stack(String(repeating: "/nowhere/lib.so+0x10 a\n", count: 5_000))
    #expect(stack.frames.count == 5_000)
  }
}
