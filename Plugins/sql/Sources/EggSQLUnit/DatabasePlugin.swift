import Egg
import EggSQL

/// What is particular about a database's plugin. Its clients, `app.NAME` and the messages of a start that
/// fails are made of it, alike for all.
public protocol DatabasePlugin {
  associatedtype Database: SQLDatabase
  /// Of the plugin, of its part of the configuration, and of `app.NAME`.
  static var name: String { get }
  /// A statement that every server answers; a start waits for that.
  static var greeting: String { get }
  /// A client that nothing has been asked yet.
  ///
  /// - Throws: `EggError` that names the key which is wrong.
  static func database(_ settings: inout ClientSettings, _ app: ApplicationBase) throws -> Database
  /// For messages: which server or file, never the password.
  static func place(of database: Database) -> String
}
