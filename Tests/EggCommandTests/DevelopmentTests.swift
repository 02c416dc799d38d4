import Foundation
import Testing

/// The application `probe`, which is built already, below `egg dev`. Where the compiler is not what the
/// test is about, a program that takes its place says what it would say.
private final class Developed {
  let scratch: Scratch
  let egg: RunningEgg
  let port: Int
  private static let probe = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().appendingPathComponent("EggClusterTests/probe")

  /// Fails as long as the controller has the word "broken" in it.
  private static let compiler = """
    #!/bin/sh
    file=$3/app/controller/probe.swift
    grep -q broken "$file" || exit 0
    echo "$file:7:3: error: cannot find 'broken' in scope"
    echo "7 |   broken()"
    echo "  |   \\`- error: cannot find 'broken' in scope"
    echo ""
    exit 1

    """

  private let isSecure: Bool

  /// - Parameter plugins: JSON for `config/plugin.json`.
  init(
    _ config: String = "{}", plugins: String = "{}", files: [String: String] = [:],
    isSecure: Bool = false
  ) throws {
    self.isSecure = isSecure
    scratch = try Scratch()
    try FileManager.default.copyItem(
      at: Self.probe, to: scratch.url.appendingPathComponent("probe"))
    try scratch.write(plugins, to: "probe/config/plugin.json")
    for (path, text) in files { try scratch.write(text, to: "probe/\(path)") }
    try scratch.write("// swift-tools-version: 6.2\n", to: "probe/Package.swift")
    try scratch.write(config, to: "probe/config/config.local.json")
    try scratch.write(Self.compiler, to: "bin/swift")
    let tools = scratch.url.appendingPathComponent("bin").path
    chmod(tools + "/swift", 0o755)
    let path = ProcessInfo.processInfo.environment["PATH"] ?? "/usr/bin:/bin"
    egg = try RunningEgg(
      ["dev", scratch.url.appendingPathComponent("probe").path, "--port", "0"]
        + (isSecure ? try scratch.certificate() : []),
      variables: ["PATH": "\(tools):\(path)"])
    port = try egg.port()
  }

  func get(_ path: String, accept: String = "*/*") throws -> String {
    try fetch(
      "-k", "-H", "Accept: \(accept)", "http\(isSecure ? "s" : "")://127.0.0.1:\(port)\(path)")
  }

  /// The process that answers.
  func pid() throws -> String {
    try get("/pid").components(separatedBy: "\r\n\r\n").last ?? ""
  }

  /// Asks until the answer is right, at most a minute.
  func wait(_ path: String, accept: String = "*/*", until isRight: (String) -> Bool) throws
    -> String
  {
    for _ in 0..<600 {
      let answer = try get(path, accept: accept)
      if isRight(answer) { return answer }
      usleep(100_000)
    }
    Issue.record("\(path) did not become what it should in a minute")
    return ""
  }

  func end() {
    egg.signal(SIGTERM)
    #expect(egg.wait() == 0)
  }
}

@Suite("dev") struct DevelopmentTests {
  @Test func `a saved configuration makes a new worker, and no request fails meanwhile`() throws {
    let developed = try Developed()
    let first = try developed.pid()
    try developed.scratch.write("{ \"x\": 1 }", to: "probe/config/config.local.json")
    let answer = try developed.wait("/pid") {
      #expect($0.hasPrefix("HTTP/1.1 200"))
      return !$0.hasSuffix(first)
    }
    #expect(!answer.isEmpty)
    developed.end()
  }

  @Test func `over HTTPS the application is served, and what is wrong with it shown`() throws {
    let developed = try Developed(isSecure: true)
    #expect(try developed.get("/origin").contains("https true https://127.0.0.1:"))
    let worker = try developed.pid()
    // Without a worker the command answers itself.
    try developed.scratch.write("{ broken", to: "probe/config/config.local.json")
    kill(try #require(Int32(worker)), SIGKILL)
    let answer = try developed.wait("/pid") { $0.hasPrefix("HTTP/1.1 500") }
    #expect(answer.contains("config.local.json"))
    let page = try developed.get("/pid", accept: "text/html")
    #expect(page.contains("<html") && page.contains("config.local.json"))
    developed.end()
  }

  @Test func `saved templates and static files are there at once, without a new worker`() throws {
    let developed = try Developed(
      plugins: Self.pages,
      files: [
        Self.standard.path: Self.standard.text, "app/view/home.njk": "one",
        "app/public/note.txt": "first",
      ])
    let first = try developed.pid()
    #expect(try developed.get("/render/home.njk").hasSuffix("\r\n\r\none"))
    #expect(try developed.get("/public/note.txt").hasSuffix("\r\n\r\nfirst"))
    try developed.scratch.write("two", to: "probe/app/view/home.njk")
    try developed.scratch.write("second", to: "probe/app/public/note.txt")
    // No waiting: what is asked for next is what was saved.
    #expect(try developed.get("/render/home.njk").hasSuffix("\r\n\r\ntwo"))
    #expect(try developed.get("/public/note.txt").hasSuffix("\r\n\r\nsecond"))
    #expect(try developed.pid() == first)
    // What is saved after that brings a new worker, so that nothing else was under way before.
    try developed.scratch.write("{ \"x\": 1 }", to: "probe/config/config.local.json")
    _ = try developed.wait("/pid") { !$0.hasSuffix(first) }
    developed.end()
    let log = developed.egg.rest()
    #expect(!log.contains("home.njk") && !log.contains("note.txt"))
  }

  @Test func `saved locales and configuration are there in a new worker`() throws {
    let developed = try Developed(
      #"{"probe": {"greeting": "hi"}}"#, plugins: Self.pages,
      files: [
        Self.standard.path: Self.standard.text,
        "app/view/home.njk": #"{{ __("hello") }}"#,
        "config/locale/en-US.json": #"{"hello": "Hello"}"#,
      ])
    #expect(try developed.get("/render/home.njk").hasSuffix("\r\n\r\nHello"))
    try developed.scratch.write(#"{"hello": "Good day"}"#, to: "probe/config/locale/en-US.json")
    _ = try developed.wait("/render/home.njk") { $0.hasSuffix("\r\n\r\nGood day") }
    #expect(try developed.get("/greeting").hasSuffix("\r\n\r\nhi"))
    try developed.scratch.write(
      #"{"probe": {"greeting": "ahoy"}}"#, to: "probe/config/config.local.json")
    _ = try developed.wait("/greeting") { $0.hasSuffix("\r\n\r\nahoy") }
    developed.end()
  }

  @Test func `the start is shown as a page and as JSON`() throws {
    let developed = try Developed()
    _ = try developed.wait("/__loader_trace__", accept: "text/html") {
      $0.contains("<td>cluster-probe</td><td>didLoad</td>")
    }
    let page = try developed.get("/__loader_trace__", accept: "text/html")
    #expect(page.contains("<td>egg</td><td>read files</td>"))
    #expect(page.contains("application, process \(try developed.pid()): ready after "))
    let json = try developed.get("/__loader_trace__").components(separatedBy: "\r\n\r\n").last ?? ""
    let value = try #require(
      try JSONSerialization.jsonObject(with: Data(json.utf8)) as? [String: [String: Any]])
    #expect((value["application"]?["steps"] as? [Any])?.isEmpty == false)
    #expect(value["agent"] == nil, "it is the same process")
    developed.end()
  }

  private static let standard = (
    path: "config/config.default.json",
    text: #"{ "keys": "probe", "view": { "mapping": { ".njk": "nunjucks" } } }"#
  )

  private static let pages = """
    {"view": {"package": "egg-view"}, "nunjucks": {"package": "egg-view-nunjucks"},
     "static": {"package": "egg-static"}, "i18n": {"package": "egg-i18n"}}
    """

  @Test func `an error of the compiler is a page for browsers until it is fixed`() throws {
    let developed = try Developed()
    let controller = developed.scratch.url.appendingPathComponent(
      "probe/app/controller/probe.swift")
    let good = try String(contentsOf: controller, encoding: .utf8)
    let first = try developed.pid()
    try developed.scratch.write(good + "// broken\n", to: "probe/app/controller/probe.swift")
    let page = try developed.wait("/pid", accept: "text/html") { $0.hasPrefix("HTTP/1.1 500") }
    #expect(page.contains("cannot find 'broken' in scope"))
    #expect(page.contains("app/controller/probe.swift:7:3"))
    #expect(page.contains("7 |   broken()"))
    #expect(try developed.pid() == first, "other clients get the code from before")
    #expect(try developed.get("/__egg_dev__").hasSuffix("{\"problem\":1}"))

    try developed.scratch.write(good, to: "probe/app/controller/probe.swift")
    _ = try developed.wait("/pid", accept: "text/html") { $0.hasPrefix("HTTP/1.1 200") }
    #expect(try developed.get("/__egg_dev__").hasSuffix("{\"problem\":0}"))
    #expect(try developed.pid() != first)
    developed.end()
  }

  @Test func `a configuration that is wrong is told, and the old worker serves`() throws {
    let developed = try Developed()
    let first = try developed.pid()
    try developed.scratch.write("{ oops", to: "probe/config/config.local.json")
    let page = try developed.wait("/pid", accept: "text/html") { $0.hasPrefix("HTTP/1.1 500") }
    #expect(page.contains("cluster-probe does not start"))
    #expect(page.contains("config.local.json"))
    #expect(try developed.pid() == first)
    try developed.scratch.write("{}", to: "probe/config/config.local.json")
    _ = try developed.wait("/pid", accept: "text/html") { $0.hasPrefix("HTTP/1.1 200") }
    developed.end()
  }

  @Test func `a worker that crashes is started again`() throws {
    let developed = try Developed()
    let first = try developed.pid()
    kill(pid_t(first) ?? 0, SIGKILL)
    _ = try developed.wait("/pid") { !$0.hasSuffix(first) }
    developed.end()
  }

  @Test func `a port that is taken makes it use the next`() throws {
    let developed = try Developed()
    let folder = developed.scratch.url.appendingPathComponent("probe").path
    let other = try RunningEgg(
      ["dev", folder, "--port", "\(developed.port)"],
      variables: [
        "PATH": developed.scratch.url.appendingPathComponent("bin").path + ":/usr/bin:/bin"
      ])
    #expect(try other.port() > developed.port)
    other.signal(SIGINT)
    #expect(other.wait() == 0)
    developed.end()
  }
}
