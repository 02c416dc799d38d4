import EggTestSupport
import Foundation

/// An application in a process of its own; ends with this object. What takes time is done off the main
/// actor, where clients under test must not be kept waiting.
nonisolated public final class EggServer: Sendable {
  public typealias Failure = EggTestSupport.Failure
  private let application: RunningApplication

  public var port: Int { Int(application.port) }
  /// What the application has logged so far.
  public var output: String { application.log }

  /// - Parameters:
  ///   - folder: of the application; it runs in a copy.
  ///   - config: JSON laid over the application's configuration.
  ///   - plugins: JSON in place of the application's `config/plugin.json`.
  ///   - pluginPath: where else plugins are looked for.
  /// - Throws: `Failure` with the log when the start fails.
  @concurrent public static func start(
    _ folder: URL, config: String, plugins: String? = nil, pluginPath: URL? = nil
  ) async throws -> EggServer {
    var files = ["config/config.prod.json": config]
    if let plugins { files["config/plugin.json"] = plugins }
    return EggServer(
      try RunningApplication(
        folder, files: files,
        variables: pluginPath.map { ["EGG_PLUGIN_PATH": $0.path] } ?? [:]))
  }

  private init(_ application: RunningApplication) { self.application = application }

  /// The body of an answer.
  @concurrent public func get(_ path: String) async throws -> String {
    try application.get(path).body
  }
}
