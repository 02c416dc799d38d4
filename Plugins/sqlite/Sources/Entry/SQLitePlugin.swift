import Egg
import EggSQL
import EggSQLUnit
import SQLiteEngine

/// The plugin `sqlite`, for what all databases' plugins do alike.
enum SQLitePlugin: DatabasePlugin {
  static let name = "sqlite"
  static let greeting = "pragma user_version"

  static func database(_ settings: inout ClientSettings, _ app: ApplicationBase) throws
    -> SQLiteDatabase
  {
    let options = try SQLiteSettings.options(&settings, baseDir: app.baseDir)
    return SQLiteDatabase(options, AppLoop(app))
  }

  static func place(of database: SQLiteDatabase) -> String { database.options.path }
}
