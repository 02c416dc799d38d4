import Foundation
import Nunjucks
import Testing

@Suite struct CacheTests {
  @Test func `a changed template, parent or include is compiled again`() throws {
    let loader = MemoryLoader([
      "main": "{% extends \"base\" %}{% block a %}1{% include \"inc\" %}{% endblock %}",
      "base": "<{% block a %}{% endblock %}>", "inc": "i",
    ])
    let views = Environment(loaders: [loader], checksForChanges: true)
    func now() throws -> String { String(decoding: try views.render("main"), as: UTF8.self) }
    #expect(try now() == "<1i>")
    loader.set("inc", "j")
    #expect(try now() == "<1j>")
    loader.set("base", "[{% block a %}{% endblock %}]")
    #expect(try now() == "[1j]")
    loader.set("main", "{% extends \"base\" %}")
    #expect(try now() == "[]")
    loader.set("base", nil)
    #expect(throws: TemplateError.self) { try views.render("main") }
  }

  @Test func `without checks a template stays until it is invalidated`() throws {
    let loader = MemoryLoader(["main": "1"])
    let views = Environment(loaders: [loader])
    #expect(try views.render("main") == Array("1".utf8))
    loader.set("main", "2")
    #expect(try views.render("main") == Array("1".utf8))
    views.invalidate("main")
    #expect(try views.render("main") == Array("2".utf8))
  }

  @Test func `files are read again when they change`() throws {
    let folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("views-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let file = folder.appendingPathComponent("a.njk")
    try Data("one".utf8).write(to: file)
    let views = Environment(loaders: [FileLoader(roots: [folder.path])], checksForChanges: true)
    #expect(try views.render("a.njk") == Array("one".utf8))
    try Data("three".utf8).write(to: file)
    #expect(try views.render("a.njk") == Array("three".utf8))
    try FileManager.default.createSymbolicLink(
      atPath: folder.path + "/link.njk", withDestinationPath: "/etc/hostname")
    #expect(throws: TemplateError.self) { try views.render("link.njk") }
  }
}

@Suite struct ExtensionTests {
  private func views(_ source: String) -> Environment {
    Environment(loaders: [MemoryLoader(["main": source])])
  }

  private func text(_ views: Environment, _ context: TemplateValue = .undefined) throws -> String {
    String(decoding: try views.render("main", context), as: UTF8.self)
  }

  @Test func `filters, tests, globals and tags can be added`() throws {
    let views = views(
      "{{ \"a\"|twice(3, sep=\"-\") }} {{ 4 is big }} {{ site }} {{ add(1, 2) }} "
        + "{% shout \"!\" %}x{{ 1 }}<{% or %}y{% endshout %}{% now %}")
    views.addFilter("twice") { call in
      let times = try call.string(1)
      let separator = call.keywords?["sep"]?.textView?.string ?? ""
      return TemplateValue("\(try call.string(0))\(separator)\(times)")
    }
    views.addTest("big") { call in
      if case .number(let number) = call[0] { return number > 3 }
      return false
    }
    views.addGlobal("site", "<s>")
    views.addGlobal(
      "add",
      .object(
        TemplateFunction { call in
          guard case .number(let a) = call[0], case .number(let b) = call[1] else { return .null }
          return .number(a + b)
        }))
    views.addTag(
      CustomTag("shout", endTag: "endshout", middleTags: ["or"]) { tag in
        let mark = try tag.call.string(0)
        return TemplateValue(
          try tag.body().uppercased() + mark + (try tag.body(1)) + "\(tag.bodyCount)", safe: true)
      })
    views.addTag(CustomTag("now") { _ in "<now>" })
    #expect(try text(views) == "a-3 true &lt;s&gt; 3 X1<!y2&lt;now&gt;")
  }

  @Test func `a tag may catch the failure of its body`() throws {
    let views = views(
      "a{% try %}b{% for i in [1] %}{{ nope() }}{% endfor %}{% endtry %}{% set x = 1 %}{{ x }}")
    views.addTag(
      CustomTag("try", endTag: "endtry") { tag in
        do { return try tag.bodyValue() } catch { return "caught" }
      })
    #expect(try text(views) == "acaught1")
  }

  @Test func `objects give members and methods`() throws {
    final class Helper: TemplateObject {
      override func member(_ name: TextView) throws -> TemplateValue {
        name.string == "name" ? "h" : .undefined
      }
      override func invoke(_ method: TextView, _ call: TemplateCall) throws -> TemplateValue? {
        method.string == "link"
          ? TemplateValue("<a>\(try call.string(0))</a>", safe: true) : nil
      }
    }
    let context: TemplateValue = ["helper": .object(Helper())]
    #expect(
      try text(
        views("{{ helper.name }}{{ helper.link(\"x\") }}{{ helper.zz }}|{{ helper }}"), context)
        == "h<a>x</a>|[object Object]")
    #expect(throws: TemplateError.self) { try text(views("{{ helper.zz() }}"), context) }
  }

  @Test func `a render without waiting completes at once`() {
    let views = views("{{ 1 }}{{ 2|later }}")
    views.addAsyncFilter("later") { call, done in done(.success(.number(7))) }
    var result: String?
    views.render("main", .undefined) {
      result = (try? $0.get()).map { String(decoding: $0, as: UTF8.self) }
    }
    #expect(result == "17")
    #expect(throws: TemplateError.self) { try views.render("main") }
  }

  @Test func `a render waits for asynchronous filters and calls nothing twice`() throws {
    let views = views(
      "{% macro m(x) %}[{{ x|later }}]{% endmacro %}{{ count() }}"
        + "{% for i in [1, 2] %}{{ m(i) }}{{ count() }}{% endfor %}{{ 3|later }}")
    var waiting: [() -> Void] = []
    var calls = 0
    views.addAsyncFilter("later") { call, done in
      guard case .number(let number) = call[0] else { return }
      waiting.append { done(.success(.number(number * 10))) }
    }
    views.addGlobal(
      "count",
      .object(
        TemplateFunction { _ in
          calls += 1
          return .number(Double(calls))
        }))
    var page: String?
    views.render("main", .undefined) {
      page = (try? $0.get()).map { String(decoding: $0, as: UTF8.self) }
    }
    for _ in 0..<3 {
      #expect(page == nil)
      #expect(waiting.count == 1)
      waiting.removeFirst()()
    }
    #expect(page == "1[10]2[20]330")
    #expect(calls == 3)
  }

  @Test func `an asynchronous filter may fail`() {
    struct Gone: Error, CustomStringConvertible { let description = "gone" }
    let views = views("{{ 2|later }}")
    var finish: (() -> Void)?
    views.addAsyncFilter("later") { _, done in finish = { done(.failure(Gone())) } }
    var cause: String?
    views.render("main", .undefined) { result in
      if case .failure(let error) = result { cause = error.cause }
    }
    finish?()
    #expect(cause == "gone")
  }
}

@Suite struct BorrowedTests {
  /// A small C tree, released at the end of the test.
  final class Tree {
    private var blocks: [UnsafeMutableRawPointer] = []
    deinit { for block in blocks { block.deallocate() } }

    func string(_ text: String, flags: UInt8 = 0) -> TreeNode {
      let (bytes, count) = copy(text)
      return TreeNode(
        kind: TreeNode.string, flags: flags, count: UInt32(count),
        bits: UInt64(UInt(bitPattern: bytes)))
    }

    private func copy(_ text: String) -> (UnsafePointer<UInt8>, Int) {
      let bytes = Array(text.utf8)
      let memory = UnsafeMutableRawPointer.allocate(byteCount: max(1, bytes.count), alignment: 1)
      memory.copyMemory(from: bytes, byteCount: bytes.count)
      blocks.append(memory)
      return (UnsafePointer(memory.assumingMemoryBound(to: UInt8.self)), bytes.count)
    }

    func list(_ items: [TreeNode]) -> TreeNode {
      let memory = UnsafeMutablePointer<TreeNode>.allocate(capacity: max(1, items.count))
      memory.initialize(from: items, count: items.count)
      blocks.append(UnsafeMutableRawPointer(memory))
      return TreeNode(
        kind: TreeNode.list, count: UInt32(items.count), bits: UInt64(UInt(bitPattern: memory)))
    }

    func map(_ pairs: [(String, TreeNode)]) -> TreeNode {
      let memory = UnsafeMutablePointer<TreeEntry>.allocate(capacity: max(1, pairs.count))
      for (index, pair) in pairs.enumerated() {
        let (key, count) = copy(pair.0)
        (memory + index).initialize(to: TreeEntry(key: key, keyCount: count, value: pair.1))
      }
      blocks.append(UnsafeMutableRawPointer(memory))
      return TreeNode(
        kind: TreeNode.map, count: UInt32(pairs.count), bits: UInt64(UInt(bitPattern: memory)))
    }

    func value(_ node: TreeNode, adapter: TreeAdapter? = nil) -> TemplateValue {
      let memory = UnsafeMutablePointer<TreeNode>.allocate(capacity: 1)
      memory.initialize(to: node)
      blocks.append(UnsafeMutableRawPointer(memory))
      return TemplateValue(tree: memory, adapter: adapter)
    }
  }

  private func integer(_ value: Int64) -> TreeNode {
    TreeNode(kind: TreeNode.integer, bits: UInt64(bitPattern: value))
  }

  @Test func `the layout is that of the C header`() {
    #expect(MemoryLayout<TreeNode>.size == 16)
    #expect(MemoryLayout<TreeEntry>.size == 32)
    #expect(MemoryLayout<TreeEntry>.offset(of: \.value) == 16)
    #expect(MemoryLayout<TemplateValue>.stride == 16)
  }

  @Test func `every kind of node is read in place`() throws {
    let tree = Tree()
    let context = tree.value(
      tree.map([
        ("s", tree.string("a<b")), ("m", tree.string("<i>", flags: TreeNode.safe)),
        ("id", integer(9_007_199_254_740_993)), ("n", integer(-5)),
        ("d", TreeNode(kind: TreeNode.double, bits: (2.5).bitPattern)),
        ("t", TreeNode(kind: TreeNode.boolean, bits: 1)), ("null", TreeNode(kind: TreeNode.null)),
        ("l", tree.list([integer(1), tree.string("x")])), ("e", tree.list([])),
        ("o", tree.map([("b", integer(1)), ("10", integer(2)), ("9", integer(3))])),
        ("time", TreeNode(kind: TreeNode.time, bits: 0)), ("odd", TreeNode(kind: 77)),
      ]))
    #expect(
      try page(
        [
          "main":
            "{{ s }} {{ m }} {{ id }} {{ n }} {{ d }} {{ t }} {{ l }} {{ l[1] }} {{ l.length }}"
            + "{{ e|length }} {{ o.b }} {{ o|dump|safe }} {{ time.toISOString() }} {{ odd is undefined }}"
            + " {% for k, v in o %}{{ k }}{{ v }},{% endfor %} {{ s is string }} {{ m is escaped }}"
        ], context)
        == "a&lt;b <i> 9007199254740993 -5 2.5 true 1,x x 20 1 {\"9\":3,\"10\":2,\"b\":1} "
        + "1970-01-01T00:00:00.000Z true 93,102,b1, true true")
  }

  @Test func `a template that changes a borrowed list sees its change and leaves the tree alone`()
    throws
  {
    let tree = Tree()
    let list = tree.list([integer(3), integer(1)])
    let context = tree.value(tree.map([("l", list)]))
    #expect(
      try page(
        ["main": "{{ l.push(2) }}{{ l }}{% set x = l.sort() %}{{ l|join }}{{ l.length }}"], context)
        == "33,1,21233")
    #expect(try page(["main": "{{ l }}"], context) == "3,1")
  }

  @Test func `objects in a tree go through the adapter`() throws {
    final class Named: TemplateObject {
      let address: UInt
      init(_ address: UInt) { self.address = address }
      override func member(_ name: TextView) throws -> TemplateValue {
        .number(Double(address))
      }
    }
    let tree = Tree()
    let adapter: TreeAdapter = { Named(UInt(bitPattern: $0)) }
    let context = tree.value(
      tree.map([("o", TreeNode(kind: TreeNode.object, bits: 4096))]), adapter: adapter)
    let views = Environment(loaders: [MemoryLoader(["main": "{{ o.any }}"])])
    #expect(try views.render("main", context, adapter: adapter) == Array("4096".utf8))
  }

  @Test func `what a template stores in the caller's data does not point into the render`() throws {
    let kept = TemplateList()
    let views = Environment(loaders: [MemoryLoader(["main": "{{ l.push((\"a\" ~ x)|upper) }}"])])
    _ = try views.render("main", ["l": .list(kept), "x": "b"])
    _ = try views.render("main", ["l": .list(TemplateList()), "x": "overwritten"])
    #expect(kept.items.first?.textView?.string == "AB")
  }
}

@Suite struct MutationTests {
  @Test func `damaged templates neither trap nor hang`() {
    let sources = Corpus.cases.compactMap { $0["templates"]?["main.njk"]?.text }
    let scraps = [
      "{%", "%}", "{{", "}}", "{#", "|", "(", ")", "[", "]", "\"", "r/", " end", "\\", "é", "-",
      ".",
    ]
    var seed: UInt64 = 42
    func next(_ count: Int) -> Int {
      seed = seed &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
      return Int((seed >> 33) % UInt64(max(1, count)))
    }
    var options = TemplateOptions()
    options.limits.steps = 200_000
    options.limits.outputBytes = 1 << 20
    let context: TemplateValue = ["x": 5, "l": [1, 2, 3], "s": "abc", "o": ["a": 1]]
    var rendered = 0
    for round in 0..<4000 {
      var bytes = Array(sources[next(sources.count)].utf8)
      for _ in 0...next(3) {
        let at = next(bytes.count + 1)
        switch next(3) {
        case 0: bytes.insert(contentsOf: Array(scraps[next(scraps.count)].utf8), at: at)
        case 1 where at < bytes.count: bytes.remove(at: at)
        case 2 where at < bytes.count: bytes.removeSubrange(at..<min(bytes.count, at + next(15)))
        default: break
        }
      }
      options.jinjaCompat = round % 7 == 0
      let source = String(decoding: bytes, as: UTF8.self)
      if (try? page(["main": source], context, options: options)) != nil { rendered += 1 }
    }
    #expect(rendered > 100)
  }
}
