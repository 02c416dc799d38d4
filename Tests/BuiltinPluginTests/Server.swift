@_exported import EggTestSupport
import Foundation

/// The application `Tests/Fixtures/builtins` in a process of its own; it ends with this object.
typealias Server = RunningApplication

extension RunningApplication {
  /// - Parameters:
  ///   - config: JSON laid over the application's configuration.
  ///   - plugins: names of the plugins that are on.
  ///   - env: also names the file that `config` becomes.
  ///   - prepare: may change the folder, which is a copy, before the start.
  /// - Throws: `Failure` with the log when the start fails.
  convenience init(
    _ config: String = "{}", plugins: [String], env: String = "unittest",
    prepare: (URL) throws -> Void = { _ in }
  ) throws {
    let table = plugins.map { name in
      "\"\(name)\": { \"package\": \"egg-\(name == "nunjucks" ? "view-nunjucks" : name)\" }"
    }
    try self.init(
      Built.root.appendingPathComponent("Tests/Fixtures/builtins"),
      files: [
        "config/config.\(env).json": config,
        "config/plugin.json": "{ \(table.joined(separator: ", ")) }",
      ], env: env, prepare: prepare)
  }
}
