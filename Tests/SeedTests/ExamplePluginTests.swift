import EggTestSupport
import Foundation
import Testing

/// The plugins of `Examples/plugins`, in C, C++, Rust and Swift, in one application that has no code.
@Suite("Plugins in four languages", .serialized) struct ExamplePluginTests {
  private static let names = ["hello-c", "geo-cpp", "counter-rust", "greeter"]
  private static let folder = Built.root.appendingPathComponent("Examples/plugins")

  /// - Parameter disabled: a plugin that stands in `config/plugin.json` and is off.
  private func serve(without disabled: String? = nil) throws -> RunningApplication {
    try Built.checkGreeter()
    for name in Self.names.dropLast() {
      try Built.run("/usr/bin/env", ["make", "-C", Self.folder.appendingPathComponent(name).path])
    }
    let plugins = Self.names.map { name in
      let path =
        name == "greeter" ? "../plugins/greeter" : Self.folder.appendingPathComponent(name).path
      // hello-c greets too.
      let more = name == "greeter" && disabled != "hello-c" ? #", "override": true"# : ""
      return #""\#(name)": { "enable": \#(name != disabled), "path": "\#(path)"\#(more) }"#
    }
    let layers = [
      "hello-c": #""responseTime", "rescue""#, "geo-cpp": #""geo""#, "counter-rust": #""counter""#,
      "greeter": #""greeting""#,
    ].filter { $0.key != disabled }.values.joined(separator: ", ")
    let source = FileManager.default.temporaryDirectory
      .appendingPathComponent("egg-languages-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: source, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: source) }
    return try RunningApplication(
      source,
      files: [
        "egg.json": #"{ "name": "languages" }"#,
        "config/plugin.json": "{ \(plugins.joined(separator: ",\n")) }",
        "config/config.default.json":
          #"{ "keys": "only-for-tests", "logger": { "dir": "logs" }, "middleware": [\#(layers)] }"#,
      ], env: "unittest", prepare: Self.placeGreeter)
  }

  /// As it is installed: what it is made of, and the library beside that.
  private static func placeGreeter(_ application: URL) throws {
    let files = FileManager.default
    let place = application.appendingPathComponent("plugins/greeter")
    try files.createDirectory(at: place, withIntermediateDirectories: true)
    for (name, origin) in [
      ("plugin.json", "plugin.json"), ("config", "config"), ("app", "app"),
      ("libgreeter.so", ".build/debug/libgreeter.so"),
    ] {
      try files.copyItem(
        at: Built.greeter.appendingPathComponent(origin).resolvingSymlinksInPath(),
        to: place.appendingPathComponent(name))
    }
  }

  @Test func `all four serve in one application`() throws {
    let application = try serve()
    let answer = try application.get("/hello-c/Ada")
    #expect(answer.status == 200 && answer.body.contains("Ada"), "\(answer)")
    for field in ["x-hello-time", "x-country", "x-request-count", "x-greeting"] {
      #expect(
        answer[field] != nil, "\(field) in \(answer.fields)")
    }
    #expect(try application.get("/geo/10.0.0.1").status == 200)
    #expect(try application.get("/counter/stream/3").status == 200)
    #expect(try application.get("/greeter/Ada").body.contains("Ada"))
  }

  @Test(arguments: [
    ("hello-c", "/hello-c/Ada", "x-hello-time"), ("geo-cpp", "/geo/10.0.0.1", "x-country"),
    ("counter-rust", "/counter/stream/3", "x-request-count"),
    ("greeter", "/greeter/Ada", "x-greeting"),
  ])
  func `one that is disabled adds nothing, and the others go on`(
    name: String, path: String, field: String
  ) throws {
    let application = try serve(without: name)
    let answer = try application.get(path)
    #expect(answer.status == 404, "\(answer)")
    #expect(answer[field] == nil, "\(answer)")
    let other = name == "hello-c" ? "/greeter/Ada" : "/hello-c/Ada"
    #expect(try application.get(other).status == 200)
  }
}
