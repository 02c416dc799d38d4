/// The name of a file with a middleware in a folder that a plugin contributes: `app.io.middleware.auth`.
///
/// The loader writes one for each file, so that a wrong name does not compile. What it is good for is
/// the plugin's to say.
nonisolated public struct ContributedMiddleware: Hashable, Sendable {
  /// Below the folder, "auth" or "admin.auth".
  public let name: String

  public init(_ name: String) { self.name = name }
}
