import Testing

@testable import EggLoaderTool

@Suite("Declaration scanner") struct DeclarationScannerTests {
  @Test func `a class gives its superclass, methods and their effects`() throws {
    let found = declarations(
      """
      import Egg
      @available(*, deprecated, message: "}")
      public final class UserController: Egg.BaseController<User>, @unchecked Sendable {
        private let cache: [String: Int] = [:], size = Pair<Int, Int>(1, 2)
        override func info() async throws(EggError) -> Value { ctx.body = "{" ; return [:] }
        static func make(_ ctx: Context, for id: Int? = nil, then: @escaping (Int) -> Void) {}
        class func two<T: Decodable>(x: T) where T: Sendable {}
        init() { super.init() }
        func `default`() {}
      }
      """)
    let type = try #require(found.first)
    #expect(found.count == 1)
    #expect(type.kind == .class)
    #expect(type.name == "UserController")
    #expect(type.access == .wider)
    #expect(type.attributes == ["available"])
    #expect(type.inherited == ["Egg.BaseController<User>", "@unchecked Sendable"])
    #expect(type.members.map(\.name) == ["cache", "size", "info", "make", "two", "default"])
    let info = type.members[2]
    #expect(info.isAsync && info.isThrowing && info.isOverride)
    #expect(info.type == "Value")
    let make = type.members[3]
    #expect(make.isStatic)
    #expect(make.parameters.map(\.label) == [nil, "for", "then"])
    #expect(make.parameters.map(\.name) == ["ctx", "id", "then"])
    #expect(make.parameters.map(\.type) == ["Context", "Int?", "@escaping (Int) -> Void"])
    #expect(make.parameters.map(\.hasDefault) == [false, true, false])
    #expect(type.members[4].isGeneric && type.members[4].isStatic)
  }

  @Test func `properties know whether they can be set`() {
    let found = declarations(
      """
      extension Context {
        let fixed: Int
        var stored: Int
        var observed: Int = 1 { didSet { } }
        var bare: Int { 1 }
        var getter: String { get async throws { "" } }
        var both: [String: Value]? {
          get { x }
          set { x = newValue }
        }
        private(set) var inner: Int
        var guess = compute { $0 + 1 }
      }
      """)
    let members = found[0].members
    #expect(
      members.map(\.name) == [
        "fixed", "stored", "observed", "bare", "getter", "both", "inner", "guess",
      ])
    #expect(members.map(\.isSettable) == [false, true, true, false, false, true, false, true])
    #expect(members[4].isAsync && members[4].isThrowing)
    #expect(members[5].type == "[String: Value]?")
    #expect(members[7].type == nil)
  }

  @Test(arguments: [
    #"let s = "a \(b("}")) {""#,
    ##"let s = #"a " \ } \#(x) {"#"##,
    ##"let s = #"""#"##,
    "let s = \"\"\"\n  { \"quoted\" \\(f(\"\"\"\n  }\n  \"\"\")) \n  \"\"\"",
    "/* { /* nested { */ { */",
    "// {",
    "let r = /[{}\"]+\\/{/",
    "let r = #/{ \" /#",
    "let q = a / b / c; let t = \"{\"",
    "var `{` = 1",
    "#if DEBUG // {\n#endif",
  ])
  func `braces in literals and comments are no braces`(line: String) {
    let file = sourceFile("x.swift", "struct A {\n\(line)\n}\nfunc b() { \(line)\n }\nclass C {}")
    #expect(!file.isBroken)
    #expect(file.declarations.filter { $0.kind != .property }.map(\.name) == ["A", "b", "C"])
  }

  @Test(arguments: [
    "class A {", "func f() { \"", "struct S { /* ", "class B {} }", "let s = \"\"\"\nabc",
    "#if X\nclass A {}", "func f(", "let r = #/abc",
  ])
  func `broken source is noticed`(text: String) {
    #expect(sourceFile("x.swift", text).isBroken)
  }

  @Test func `a file that is cut anywhere never stops the scanner`() {
    let whole = Array(
      """
      import Egg
      @MainActor(unsafe) final class A<T>: B<C>, D where T: E {
        #if os(Linux)
        var x: [(Int) async throws -> Void]? = { [weak self] in "\\(self?.f("x") ?? #"y"#)" }()
        #endif
        private(set) lazy var y, z: Int { get { 1 } set(v) { _ = /a\\/b[/]/ } }
        func g<U>(_ a: inout U, b c: Int..., d: () -> Void = {}) rethrows -> some P & Q {}
      }
      """.utf8)
    for count in 0...whole.count {
      _ = SourceFile(relativePath: "x", absolutePath: "x", bytes: Array(whole[..<count]))
      _ = SourceFile(relativePath: "x", absolutePath: "x", bytes: Array(whole[count...]))
    }
    // And with a byte that does not belong there.
    for index in whole.indices {
      for byte: UInt8 in [0x00, 0x22, 0x28, 0x29, 0x7B, 0x7D, 0x3C, 0x2F, 0x23, 0x60, 0xFF] {
        var bytes = whole
        bytes[index] = byte
        _ = SourceFile(relativePath: "x", absolutePath: "x", bytes: bytes)
      }
    }
  }

  @Test(arguments: [
    ("", "struct A { "), ("let s = ", "\"\\("), ("var x: ", "A<"), ("var x: ", "() -> "),
    ("func f(a: ", "("), ("var x: ", "A & "), ("/", "*"), ("/*", "/*"),
  ])
  func `deep nesting is cut off`(start: String, again: String) {
    let text = start + String(repeating: again, count: 100_000)
    #expect(sourceFile("x.swift", text).isBroken)
  }

  @Test func `positions are lines and byte columns from one`() {
    let file = sourceFile("x.swift", "// é\n  func ü() {}\n")
    let position = file.position(of: file.declarations[0].offset)
    #expect(position == SourcePosition(file: "/unit/x.swift", line: 2, column: 8))
  }

  @Test func `a mark above a member keeps it in Swift`() {
    let members = declarations(
      """
      extension Helper {
        // egg: local
        func a() {}
        // eggs
        func b() {}
      }
      """)[0].members
    #expect(members.map(\.isLocal) == [true, false])
  }
}
