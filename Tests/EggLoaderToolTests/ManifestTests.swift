import Testing

@testable import EggLoaderTool

@Suite("Manifest") struct ManifestTests {
  func describe(
    _ text: String, file: String = "plugin.json", kind: UnitKind = .plugin
  ) -> (UnitDescription, [Mistake]) {
    var description = UnitDescription(kind: kind, name: "target")
    var mistakes: [Mistake] = []
    let source = SourceFile(
      relativePath: file, absolutePath: "/unit/\(file)", bytes: Array(text.utf8), scan: false)
    description.read(
      source.bytes, fileName: file, position: { source.position(of: $0) },
      report: { mistakes.append($0) })
    return (description, mistakes)
  }

  @Test func `it joins the description with what was found`() {
    let (description, mistakes) = describe(
      """
      {
        // comments are allowed
        "name": "metrics", "version": "1.2.0", "dep": ["redis"],
        "routes": { "prefix": "/metrics" }, "needs": ["egg.log/1", "egg.app/1"],
        "provides": { "application": ["metrics"], "context": ["count"] },
        "directories": ["app/metrics", { "path": "app/io/controller", "on": "IO" }],
      }
      """)
    #expect(mistakes.isEmpty)
    let model = read([
      "app/extend/context.swift": "extension Context { func count() {}; func more() {} }",
      "app/middleware/time.swift": "func time() -> Middleware { x }",
    ]).model
    #expect(
      manifestText(description, model)
        == #"{"egg":1,"id":"metrics","kind":"plugin","version":"1.2.0","abi":{"major":1,"min":0},"#
        + #""needs":["egg.http/1","egg.router/1","egg.loop/1","egg.app/1","egg.log/1"],"#
        + #""dependencies":["redis"],"routes":{"prefix":"/metrics"},"provides":"#
        + #"{"application":["metrics"],"context":["count","more"],"middleware":["time"]},"#
        + #""directories":["app/metrics","app/io/controller"]}"#)
    #expect(
      description.conventions == [
        Convention(path: "app/io/controller", kind: .controller, holder: "IO", module: nil)
      ])
  }

  @Test func `lists that only plugins know are passed on`() {
    let (description, mistakes) = describe(
      #"{"provides": {"engines": ["nunjucks"], "loaders": ["x"]}}"#)
    #expect(mistakes.isEmpty)
    #expect(
      manifestText(description, UnitModel())
        .contains(#""provides":{"engines":["nunjucks"],"loaders":["x"]}"#))
  }

  @Test func `a unit without a description is an application of its target's name`() {
    let text = manifestText(UnitDescription(kind: .application, name: "hello"), UnitModel())
    #expect(text.hasPrefix(#"{"egg":1,"id":"hello","kind":"application","version":"0.0.0""#))
  }

  @Test(arguments: [
    (#"{"name": "a b"}"#, "1:10", "expected a name"),
    ("{\n  \"version\": \"1\"\n}", "2:14", "1.4.0"),
    (#"{"dependencies": "redis"}"#, "1:18", "list of texts"),
    (#"{"routes": {"prefix": "metrics"}}"#, "1:23", "prefix"),
    (#"{"provides": {"contxt": []}}"#, "1:25", "did you mean \"context\""),
    (#"{"provides": {"hepler": []}}"#, "1:25", "did you mean \"helper\""),
    (#"{"process": ["wrker"]}"#, "1:13", "wrker"),
    (#"{"directories": ["../x"]}"#, "1:18", "folder below the unit"),
    (#"{"conventions": {"app/x": "thing"}}"#, "1:27", "thing"),
    (#"{"kind": "application"}"#, "1:10", "plugin.json describes a plugin"),
    (#"{"name": "a", "name": "b"}"#, "1:15", "twice"),
    (#"{"name": "a" "b"}"#, "1:14", "expected \",\" or \"}\""),
    (#"[1, 2]"#, "1:1", "expected an object"),
    (#"{"config": 01}"#, "1:12", "not a number"),
  ])
  func `mistakes are shown at their place`(text: String, place: String, part: String) throws {
    let (_, mistakes) = describe(text)
    let mistake = try #require(mistakes.first)
    #expect(mistake.place == "plugin.json:\(place)")
    #expect(mistake.message.contains(part), "\(mistake.message)")
  }

  @Test func `egg.json makes a framework`() {
    let (description, mistakes) = describe(
      #"{"kind": "framework", "name": "yadan"}"#, file: "egg.json", kind: .application)
    #expect(mistakes.isEmpty)
    #expect(description.kind == .framework)
  }

  @Test func `the note is owner, type and words of the text with a zero behind it`() {
    var writer = SourceWriter()
    writeManifestNote("{\"a\":1}", into: &writer)
    // 7 bytes and a zero: 7b 22 61 22 · 3a 31 7d 00, little endian.
    #expect(writer.text.contains("InlineArray<2, UInt32>"))
    #expect(writer.text.contains("(4, 8, 0x4547_4731, 0x0047_4745, ["))
    #expect(writer.text.contains("0x2261227b"))
    #expect(writer.text.contains("0x7d313a"))
  }
}
