import EggKernel
import EggTestKit
import Glibc

/// Uses a plugin with the test kit's host instead of the kernel, in a process of its own, so that a
/// crash or an endless loop is a finding like any other.
struct PluginTrial {
  let path: String
  /// The id of one of the plugins in the library.
  let id: String
  let flags: UInt32
  let seed: UInt64
  /// `EGG_PROCESS_AGENT`, or a worker's.
  let process: Int
  /// JSON texts that are laid over each other as the configuration.
  let config: [String]
  /// Plugins that it depends on: loaded before it, what is found in them does not count.
  var others: [OtherPlugin] = []
  /// Written in Swift, whose tasks run on the kernel's loop: it turns beside the kit's clock.
  let needsLoop: Bool

  /// Marks a line of the child's output that is a finding and not something that the plugin printed.
  static let mark = "egg-finding: "

  /// The last line of a child that was not ended by the plugin.
  static let end = "egg-finding-end"

  /// Runs in this process.
  ///
  /// - Returns: what was found, one sentence each.
  /// - Throws: when the loop can't be made: out of descriptors.
  func runHere() throws -> [String] {
    var options = egg_testkit_options()
    options.flags = flags
    options.seed = seed
    options.process = UInt32(process)
    if needsLoop {
      options.turn = { loop, milliseconds in
        guard let loop else { return false }
        return Unmanaged<EventLoop>.fromOpaque(loop).takeUnretainedValue()
          .runOnce(timeout: Int(milliseconds))
      }
      options.turn_state = Unmanaged.passUnretained(try EventLoop.install()).toOpaque()
    }
    // The plugin may write into what it takes for the application's folder.
    guard let folder = Folder.makeTemporary(), let baseDir = strdup(folder) else {
      return ["a temporary folder can't be made"]
    }
    defer {
      free(baseDir)
      Folder.remove(folder)
    }
    options.base_dir = UnsafePointer(baseDir)
    guard let kit = egg_testkit_new(&options) as OpaquePointer? else {
      return ["the test kit can't be made: no memory"]
    }
    defer { egg_testkit_free(kit) }
    egg_testkit_offer(kit, "egg.crypto/1", KernelInterfaces.cryptography)
    for text in others.flatMap(\.config) + config { _ = egg_testkit_config(kit, "", text) }
    for other in others { _ = egg_testkit_open_id(kit, other.library, other.id) }
    if egg_testkit_open_id(kit, path, id) != nil {
      _ = egg_testkit_exercise(kit)
    }
    return (0..<egg_testkit_findings(kit)).compactMap { index in
      let text =
        egg_testkit_finding(kit, index).map { String(cString: $0) } ?? "a finding without text"
      return others.contains { text.hasPrefix("\($0.id): ") } ? nil : text
    }
  }

  /// Runs this command once more with `words`, which end in `runHere`, and collects what it found.
  ///
  /// - Parameter said: gets the lines that the plugin itself printed.
  static func run(
    _ words: [String], seconds: Int, said: (String) -> Void
  ) throws(CommandFailure) -> [String] {
    var findings: [String] = []
    var isThrough = false
    let child = try Child.run(["/proc/self/exe"] + words, seconds: seconds) { line in
      if line.hasPrefix(mark) {
        findings.append(String(line.dropFirst(mark.count)))
      } else if line == end {
        isThrough = true
      } else {
        said(line)
      }
    }
    if child.isLate {
      findings.append("it did not come to an end within \(seconds) s")
    } else if let signal = child.signal {
      findings.append("it crashed: \(signal)")
    } else if !isThrough {
      findings.append("it ended the process with exit code \(child.status)")
    }
    return findings
  }
}

/// A plugin that another one depends on.
struct OtherPlugin {
  let id: String
  let library: String
  let config: [String]

  /// The plugins of `manifest`'s dependencies that lie beside it, those that they depend on first; what is
  /// not there is left out.
  static func dependencies(of manifest: PluginManifest, library: String) throws -> [OtherPlugin] {
    var found: [OtherPlugin] = []
    var seen: Set<String> = [manifest.id]
    func add(_ manifest: PluginManifest, _ library: String) throws {
      for name in manifest.dependencies where seen.insert(name).inserted {
        guard let path = OwnConfig.library(ofPlugin: name, beside: library),
          let own = try PluginManifest.read(path: path, unit: name).first(where: { $0.id == name })
        else { continue }
        try add(own, path)
        found.append(
          OtherPlugin(id: name, library: path, config: try OwnConfig.read(own, library: path)))
      }
    }
    try add(manifest, library)
    return found
  }
}

/// The configuration that a plugin brings: its manifest's defaults, then `config.default.json` of the
/// folder it belongs to.
enum OwnConfig {
  static func read(_ manifest: PluginManifest, library: String) throws -> [String] {
    var texts: [String] = []
    if let embedded = manifest.config["default"] { texts.append(JSONWriter.text(embedded)) }
    if let folder = folder(of: library) {
      let file = folder + "/config/config.default.json"
      if FileReader.kind(of: file) == .file { texts.append(try text(of: file)) }
    }
    return texts
  }

  /// The folder of the plugin in `library`: one above it, or one of `Plugins/` of a package above it whose
  /// `plugin.json` names this library.
  private static func folder(of library: String) -> String? {
    let name = Path.lastComponent(of: library)
    var folder = Path.folder(of: Path.real(library) ?? library)
    // lib/, target/release and .build/TRIPLE/release are the deepest places in which a build leaves it.
    for _ in 0..<5 where folder != "/" {
      if FileReader.kind(of: folder + "/plugin.json") == .file { return folder }
      for plugins in ["\(folder)/Plugins", "\(folder)/plugins"] {
        let found = Folder.names(in: plugins).first {
          self.library(of: "\(plugins)/\($0)/plugin.json") == name
        }
        if let found { return "\(plugins)/\(found)" }
      }
      folder = Path.folder(of: folder)
    }
    return nil
  }

  /// The library of a plugin whose folder lies beside that of the plugin in `library`.
  static func library(ofPlugin name: String, beside library: String) -> String? {
    guard let own = folder(of: library) else { return nil }
    let plugins = Path.folder(of: own)
    for folder in Folder.names(in: plugins) {
      let description = "\(plugins)/\(folder)/plugin.json"
      guard text("name", of: description) == name, let stated = text("library", of: description)
      else { continue }
      // Installed beside its plugin.json; built beside the other one.
      let places = [
        Path.join("\(plugins)/\(folder)", stated),
        Path.join(Path.folder(of: library), Path.lastComponent(of: stated)),
      ]
      if let path = places.first(where: { FileReader.kind(of: $0) == .file }) { return path }
    }
    return nil
  }

  private static func library(of description: String) -> String? {
    text("library", of: description).map { Path.lastComponent(of: $0) }
  }

  private static func text(_ member: String, of description: String) -> String? {
    guard let bytes = (try? FileReader.contents(of: description, unit: "egg")) ?? nil,
      let root = try? JSONParser.parse(bytes, file: description, options: .config),
      let text = root.value[member]?.string
    else { return nil }
    return text
  }

  /// A file of JSON with comments as plain JSON.
  static func text(of file: String) throws -> String {
    guard let bytes = try FileReader.contents(of: file, unit: "egg") else {
      throw CommandFailure("expected a configuration file, found none: \(file)")
    }
    do throws(JSONError) {
      return JSONWriter.text(try JSONParser.parse(bytes, file: file, options: .config).value)
    } catch {
      throw CommandFailure(error.description)
    }
  }
}
