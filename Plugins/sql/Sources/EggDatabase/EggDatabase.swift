import Egg
@_exported import EggMySQL
@_exported import EggSQLite

extension ApplicationBase {
  /// The database of whichever plugin is enabled, for applications that run on either:
  ///
  ///     let post = try await app.database.get("posts", ["id": 1], as: Post.self)
  ///
  /// `dialect` says which one it is. Both enabled means that the application has to say which one it
  /// wants, with `app.mysql` and `app.sqlite`; calls throw `EGG_CONFIG` then.
  public var database: SQLRemoteClient {
    if let known = self[DatabaseKey.self] { return known }
    let found: [(SQLDialect, String, Value)] = [
      (.mysql, "mysql", self.extension("mysql")), (.sqlite, "sqlite", self.extension("sqlite")),
    ].filter { $0.2.exists }
    guard found.count == 1, let (dialect, name, value) = found.first else {
      return UnclearDatabase(isMissing: found.isEmpty)
    }
    let client = SQLRemoteClient(value.foreign, dialect: dialect, name: name)
    self[DatabaseKey.self] = client
    return client
  }
}

enum DatabaseKey: StorageKey { typealias Value = SQLRemoteClient }

/// Says with every call what is wrong with `config/plugin.json`.
private final class UnclearDatabase: SQLRemoteClient {
  private let isMissing: Bool

  init(isMissing: Bool) {
    self.isMissing = isMissing
    super.init(nil, dialect: .sqlite, name: "database")
  }

  nonisolated deinit {}

  override var object: ForeignObject {
    get throws {
      throw EggError(
        code: "EGG_CONFIG",
        isMissing
          ? "app.database needs one of the plugins sqlite and mysql; enable it in"
            + " config/plugin.json: \"sqlite\": { \"package\": \"egg-sqlite\" }"
          : "app.database: sqlite and mysql are both enabled in config/plugin.json; use app.sqlite"
            + " and app.mysql, or disable one")
    }
  }
}
