import Foundation
import Testing

@testable import EggCommand

@Suite("egg plugin inspect") struct PluginInspectTests {
  /// Compiles one C file into a library.
  private func library(_ scratch: Scratch, _ source: String, _ flags: [String] = []) throws
    -> String
  {
    try scratch.write(source, to: "p.c")
    let path = scratch.url.appendingPathComponent("p.so").path
    let built = try Egg.run(
      URL(fileURLWithPath: "/usr/bin/env"),
      ["cc", "-shared", "-fPIC", "-o", path, scratch.url.appendingPathComponent("p.c").path] + flags
    )
    try #require(built.status == 0, "\(built.errors)")
    return path
  }

  /// A note with a manifest, written by hand: owner size 4, text size, type "EGG1", "EGG\0".
  private func note(_ json: String) -> String {
    let size = (json.utf8.count + 1 + 3) / 4 * 4
    let text = json.replacingOccurrences(of: "\"", with: "\\\"")
    return """
      __attribute__((used, aligned(4), section(".note.egg.plugin"))) static const struct {
        unsigned owner_size, text_size, type; char owner[4]; char text[\(size)];
      } note = {4, \(size), 0x45474731, "EGG", "\(text)"};

      """
  }

  private let manifest = """
    {"egg":1,"id":"tea","version":"2.0.0","abi":{"major":1,"min":0},"provides":{"context":["brew"]}}
    """

  @Test func `the manifest, the entry and the libraries it loads are shown`() throws {
    let scratch = try Scratch()
    let path = try library(
      scratch,
      "#include <stdio.h>\n" + note(manifest)
        + "const void *egg_plugin_entry_v1(void) { puts(\"hi\"); return 0; }")
    let result = try Egg.run("plugin", "inspect", path)
    #expect(result.status == 0)
    #expect(result.output.hasPrefix("tea 2.0.0\n"))
    #expect(result.output.contains("adds context  brew"))
    #expect(result.output.contains("exports  egg_plugin_entry_v1"))
    #expect(result.output.contains("libc.so.6"))
    #expect(result.errors.isEmpty)
  }

  @Test func `exports besides the entry are warned of`() throws {
    let scratch = try Scratch()
    let path = try library(
      scratch,
      note(manifest) + "const void *egg_plugin_entry_v1(void) { return 0; }\nint leaked;\n"
        + "__attribute__((visibility(\"hidden\"))) int kept;\nstatic int own(void) { return 1; }\n"
        + "int used(void) { return own() + kept; }")
    let result = try Egg.run("plugin", "inspect", path)
    #expect(result.status == 0)
    #expect(result.errors.contains("2 exported symbols besides the entry"))
    #expect(result.errors.contains("leaked") && result.errors.contains("used"))
    #expect(!result.errors.contains("kept"))
  }

  @Test func `a library without the promised entry has exit code 1`() throws {
    let scratch = try Scratch()
    let path = try library(scratch, note(manifest) + "int nothing;")
    let result = try Egg.run("plugin", "inspect", path)
    #expect(result.status == 1)
    #expect(result.errors.contains("does not export egg_plugin_entry_v1"))
  }

  @Test func `no code of the library runs`() throws {
    let scratch = try Scratch()
    let trace = scratch.url.appendingPathComponent("ran").path
    let path = try library(
      scratch,
      "#include <stdio.h>\n" + note(manifest)
        + "__attribute__((constructor)) static void run(void) { fclose(fopen(\"\(trace)\", \"w\")); }\n"
        + "const void *egg_plugin_entry_v1(void) { return 0; }")
    #expect(try Egg.run("plugin", "inspect", path).status == 0)
    #expect(!FileManager.default.fileExists(atPath: trace))
  }

  @Test func `a file that is no plugin is refused in words`() throws {
    let scratch = try Scratch()
    try scratch.write("hello", to: "text.so")
    let text = try Egg.run("plugin", "inspect", scratch.url.appendingPathComponent("text.so").path)
    #expect(text.status == 1)
    #expect(text.errors.contains("expected an ELF library"))
    let plain = try library(scratch, "int x;")
    #expect(try Egg.run("plugin", "inspect", plain).errors.contains("not a plugin"))
    #expect(try Egg.run("plugin", "inspect", "/nonexistent.so").errors.contains("found no file"))
  }

  @Test func `a damaged library is refused or read, and never a crash`() throws {
    let scratch = try Scratch()
    let path = try library(
      scratch, note(manifest) + "const void *egg_plugin_entry_v1(void) { return 0; }")
    let whole = [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
    let damaged = scratch.url.appendingPathComponent("damaged.so")
    func read(_ bytes: [UInt8]) throws {
      try Data(bytes).write(to: damaged)
      _ = try? DynamicSection(path: damaged.path)
    }
    for length in stride(from: 0, to: whole.count, by: 97) { try read(Array(whole[..<length])) }
    var random = SplitMix(state: 7)
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0..<4 {
        bytes[Int(random.next() % UInt64(min(bytes.count, 1024)))] = UInt8(
          truncatingIfNeeded: random.next())
      }
      try read(bytes)
    }
    // The dynamic section itself lies behind the headers.
    for _ in 0..<400 {
      var bytes = whole
      for _ in 0..<16 { bytes[Int(random.next() % UInt64(bytes.count))] = 0xFF }
      try read(bytes)
    }
  }
}

/// Random numbers that are the same in every run.
private struct SplitMix {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
