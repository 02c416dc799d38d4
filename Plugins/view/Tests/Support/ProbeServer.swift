@_exported import EggTestSupport
import Foundation

/// The application `probe`. It runs in a copy of its folder, so that a test may change templates.
public typealias ProbeServer = RunningApplication

extension RunningApplication {
  /// - Parameters:
  ///   - config: JSON laid over the application's configuration.
  ///   - plugins: JSON in place of the application's `config/plugin.json`.
  /// - Throws: `Failure` with the log when the start fails.
  public convenience init(_ config: String = "{}", plugins: String? = nil) throws {
    var files = ["config/config.prod.json": config]
    if let plugins { files["config/plugin.json"] = plugins }
    try self.init(
      tests.appendingPathComponent("probe"), files: files,
      variables: ["EGG_PLUGIN_PATH": try engines.get().path])
  }

  public func render(_ name: String, engine: String? = nil) throws -> Answer {
    let engine = engine.map { "&engine=\($0)" } ?? ""
    return try get("/render?name=\(encoded(name))\(engine)")
  }

  /// Renders text with the application's locals.
  public func string(_ template: String, engine: String? = "nunjucks") throws -> Answer {
    let engine = engine.map { "&engine=\($0)" } ?? ""
    return try get("/string?text=\(encoded(template))\(engine)")
  }

  /// Runs `egg` with the application's folder as its last argument.
  ///
  /// - Returns: exit code and standard output.
  public static func egg(_ arguments: [String], in folder: URL) throws -> (
    code: Int32, output: String
  ) {
    try Built.egg(
      arguments + [folder.path], variables: ["EGG_PLUGIN_PATH": try engines.get().path])
  }
}

extension Answer {
  public var text: String { body }
  public var message: String { json["message"] as? String ?? body }
}

private func encoded(_ text: String) -> String {
  text.utf8.map { byte in
    let isPlain = byte < 0x80 && (Character(Unicode.Scalar(byte)).isLetter || byte == 0x2E)
    return isPlain ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
  }.joined()
}

/// The folder `Tests` of the plugin `view`.
private let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent()

/// A folder with the plugins in C that the tests need.
private let engines = Result {
  try Built.pluginsInC([
    tests.appendingPathComponent("upper-engine"),
    tests.appendingPathComponent("../../view-nunjucks/Tests/additions").standardized,
  ])
}
