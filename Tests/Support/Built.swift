import Foundation

/// What the build has made, and how it is run.
public enum Built {
  /// Of the repository.
  public static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent().deletingLastPathComponent().resolvingSymlinksInPath()

  /// The `egg` beside the test program.
  public static let egg = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
    .deletingLastPathComponent().appendingPathComponent("egg")

  /// Runs `egg` to its end.
  ///
  /// - Returns: its exit code and what it wrote on standard output.
  public static func egg(_ words: [String], variables: [String: String] = [:]) throws -> (
    code: Int32, output: String
  ) {
    let process = Process()
    let output = Pipe()
    process.executableURL = egg
    process.arguments = words
    process.environment = environment(variables)
    process.standardOutput = output
    process.standardError = FileHandle.nullDevice
    process.standardInput = FileHandle.nullDevice
    try process.run()
    let data = output.fileHandleForReading.readDataToEndOfFile()
    process.waitUntilExit()
    return (process.terminationStatus, String(decoding: data, as: UTF8.self))
  }

  /// Compiles plugins in C, each in a folder with its `plugin.json` and `NAME.c`.
  ///
  /// - Parameter sources: the folders; their plugins' names are those of the files in C.
  /// - Returns: a folder for `EGG_PLUGIN_PATH`, which goes with the test program.
  public static func pluginsInC(_ sources: [URL]) throws -> URL {
    let folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-plugins-\(UUID().uuidString)")
    Children.remove(atEnd: folder)
    for source in sources {
      let files = try FileManager.default.contentsOfDirectory(atPath: source.path)
      for file in files where file.hasSuffix(".c") {
        try compile(source, String(file.dropLast(2)), folder)
      }
    }
    return folder
  }

  private static func compile(_ source: URL, _ name: String, _ folder: URL) throws {
    let target = folder.appendingPathComponent(name)
    try FileManager.default.createDirectory(at: target, withIntermediateDirectories: true)
    try FileManager.default.copyItem(
      at: source.appendingPathComponent("plugin.json"),
      to: target.appendingPathComponent("plugin.json"))
    let compiler = Process()
    compiler.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    compiler.arguments = [
      "cc", "-std=c11", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared",
      "-I", root.appendingPathComponent("Sources/PluginABI/include").path,
      "-o", target.appendingPathComponent("lib\(name).so").path,
      source.appendingPathComponent("\(name).c").path,
    ]
    try compiler.run()
    compiler.waitUntilExit()
    guard compiler.terminationStatus == 0 else {
      throw Failure("\(name).c: cc failed; apt-get install gcc")
    }
  }

  /// Without what the machine that runs the tests may have set.
  static func environment(_ variables: [String: String], hiding prefix: String = "EGG_")
    -> [String: String]
  {
    ProcessInfo.processInfo.environment.filter { name, _ in
      !name.hasPrefix("EGG_") && !name.hasPrefix(prefix) && name != "PORT" && name != "NODE_ENV"
    }.merging(variables) { $1 }
  }
}
