import Foundation
import Testing

@Suite("egg plugin check and torment") struct PluginTrialTests {
  /// A plugin from the template, with `change` made to its source.
  private func plugin(
    _ scratch: Scratch, replacing text: String = "", by change: String = ""
  ) throws -> String {
    #expect(try Egg.run("plugin", "new", "tea", "--lang", "c", in: scratch.url).status == 0)
    let file = scratch.url.appendingPathComponent("tea/tea.c")
    if !text.isEmpty {
      let source = try String(contentsOf: file, encoding: .utf8)
      try #require(source.contains(text))
      try source.replacingOccurrences(of: text, with: change).write(
        to: file, atomically: true, encoding: .utf8)
    }
    let folder = scratch.url.appendingPathComponent("tea")
    let built = try Egg.run(URL(fileURLWithPath: "/usr/bin/env"), ["make", "-C", folder.path])
    try #require(built.status == 0, "\(built.errors)")
    return folder.appendingPathComponent("lib/libtea.so").path
  }

  private let pass = "return EGG_STEP_PASS;"

  @Test func `a plugin that keeps the rules has no findings`() throws {
    let scratch = try Scratch()
    let library = try plugin(scratch)
    let check = try Egg.run("plugin", "check", library)
    #expect(check.output == "tea: nothing found\n")
    #expect(check.status == 0)
    let torment = try Egg.run("plugin", "torment", library, "--seed", "7", "--runs", "5")
    #expect(torment.output == "tea: nothing found, seeds 7 to 11\n")
    #expect(torment.status == 0)
  }

  @Test func `a plugin in Swift has its loop`() throws {
    // Beside the test program, as `egg` is; its phases suspend.
    let library = Egg.command.deletingLastPathComponent().appendingPathComponent("libEggStatic.so")
    let check = try Egg.run("plugin", "check", library.path)
    #expect(check.output == "static: nothing found\n", "\(check.errors)")
    #expect(check.status == 0)
  }

  /// The plugins of this repository: what `Plugins/*/plugin.json` name as their libraries.
  private static let ours: [String] = {
    let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent().deletingLastPathComponent()
    let folder = root.appendingPathComponent("Plugins")
    let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
    return names.sorted().compactMap { name in
      let file = folder.appendingPathComponent("\(name)/plugin.json")
      guard let text = try? String(contentsOf: file, encoding: .utf8),
        let found = text.firstMatch(of: /"library"\s*:\s*"([^"]+\.so)"/)
      else { return nil }
      return String(found.1)
    }
  }()

  @Test func `the plugins of this repository are found`() {
    #expect(Self.ours.contains("libEggStatic.so"))
    #expect(Self.ours.count > 15)
  }

  @Test(arguments: ours)
  func `a plugin of ours has no findings`(library: String) throws {
    let path = Egg.command.deletingLastPathComponent().appendingPathComponent(library).path
    let check = try Egg.run("plugin", "check", path, "--time-limit", "120")
    #expect(check.status == 0, "\(check.output)\(check.errors)")
    let torment = try Egg.run(
      "plugin", "torment", path, "--seed", "1", "--runs", "6", "--time-limit", "120")
    #expect(torment.status == 0, "\(torment.output)\(torment.errors)")
  }

  @Test func `a step that does not exist is a finding`() throws {
    let scratch = try Scratch()
    let library = try plugin(scratch, replacing: pass, by: "return 77;")
    let check = try Egg.run("plugin", "check", library)
    #expect(check.status == 1)
    #expect(check.output.contains("77"))
    let list = try #require(
      try Egg.run("plugin", "check", library, "--json").json() as? [[String: Any]])
    #expect((list.first?["finding"] as? String)?.contains("77") == true)
  }

  @Test func `a crash is a finding`() throws {
    let scratch = try Scratch()
    let library = try plugin(scratch, replacing: pass, by: "__builtin_trap(); \(pass)")
    let check = try Egg.run("plugin", "check", library)
    #expect(check.status == 1)
    #expect(check.output.contains("it crashed: SIGILL"))
  }

  @Test func `a plugin that never comes back is ended`() throws {
    let scratch = try Scratch()
    let library = try plugin(
      scratch, replacing: pass, by: "for (volatile int i = 0;; i = i); \(pass)")
    let check = try Egg.run("plugin", "check", library, "--time-limit", "1")
    #expect(check.status == 1)
    #expect(check.output.contains("it did not come to an end within 1 s"))
  }

  @Test func `a plugin that ends the process does not pass for one without findings`() throws {
    let scratch = try Scratch()
    let library = try plugin(scratch, replacing: pass, by: "exit(0); \(pass)")
    let check = try Egg.run("plugin", "check", library)
    #expect(check.status == 1)
    #expect(check.output.contains("it ended the process"))
  }

  @Test func `the plugin's configuration can be laid over`() throws {
    let scratch = try Scratch()
    let library = try plugin(scratch)
    try scratch.write("{ \"tea\": { \"text\": 5 } }", to: "wrong.json")
    let check = try Egg.run(
      "plugin", "check", library, "--config",
      scratch.url.appendingPathComponent("wrong.json").path)
    #expect(check.status == 1)
    #expect(check.output.contains("expected config.tea.text to be a text"))
  }
}
