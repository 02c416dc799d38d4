import Egg
import EggSQL
import EggSQLUnit
import MySQLEngine

/// The plugin `mysql`, for what all databases' plugins do alike.
enum MySQLPlugin: DatabasePlugin {
  static let name = "mysql"
  static let greeting = "select now() as currentTime;"

  static func database(_ settings: inout ClientSettings, _ app: ApplicationBase) throws
    -> MySQLDatabase
  {
    let options = try MySQLSettings.options(&settings)
    guard let function = try settings.function("getConnectionConfig") else {
      return MySQLDatabase(options, AppLoop(app))
    }
    let (config, path) = (settings.config, settings.path)
    return MySQLDatabase(options, AppLoop(app)) { _ in
      var merged = config.object ?? ValueMap()
      merged.merge(try await function.invoke("call", []).object ?? ValueMap())
      var settings = ClientSettings(.map(merged), "\(path).getConnectionConfig()")
      return try MySQLSettings.options(&settings)
    }
  }

  static func place(of database: MySQLDatabase) -> String {
    let options = database.options
    let server =
      options.socketPath.isEmpty ? "\(options.host):\(options.port)" : options.socketPath
    return "\(options.user)@\(server)/\(options.database)"
  }
}
