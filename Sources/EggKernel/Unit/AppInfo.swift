import Glibc

/// The facts about an application that exist before its configuration does.
/// - Source: Egg, `appInfo`.
package struct AppInfo: Sendable, Equatable {
  /// `name` of `egg.json`; the name of the folder without one.
  ///
  /// Differs from Egg: a missing name is no error, because `egg.json` is optional.
  package let name: String
  /// The application's folder, absolute, links resolved.
  package let baseDir: String
  package let env: String
  /// `EGG_SERVER_SCOPE`, or empty.
  package let scope: String
  /// `EGG_HOME`, or the home folder of the user, or `/home/admin`.
  package let home: String
  /// `baseDir` in `local` and `unittest`, otherwise `home`: production logs do not go into the
  /// application's folder.
  package let root: String

  package init(
    name: String, baseDir: String, env: String, scope: String = "", home: String = "/home/admin"
  ) {
    self.name = name
    self.baseDir = baseDir
    self.env = env
    self.scope = scope
    self.home = home
    self.root = env == "local" || env == "unittest" ? baseDir : home
  }

  /// Reads `egg.json`, the environment and the scope of the application in `baseDir`.
  ///
  /// - Throws: `.config` when the folder does not exist or `egg.json`, environment or scope are
  ///   wrong.
  package static func read(
    baseDir: String, env: String? = nil, variables: EnvironmentVariables = .process,
    notices: inout [BootNotice]
  ) throws(BootError) -> AppInfo {
    guard let base = Path.real(baseDir), FileReader.kind(of: base) == .folder else {
      throw BootError(
        .config, unit: "app", "expected the folder of an application, found no folder",
        file: baseDir)
    }
    let environment = try ServerEnvironment.resolve(
      baseDir: base, option: env, variables: variables, notices: &notices)
    let scope = variables.trimmed("EGG_SERVER_SCOPE") ?? ""
    try checkFileNamePart(scope, what: "scope", source: "EGG_SERVER_SCOPE")
    let unit = try UnitFile.read(folder: base, unit: "app", notices: &notices)
    return AppInfo(
      name: unit?.name ?? Path.lastComponent(of: base), baseDir: base, env: environment.name,
      scope: scope,
      home: variables.trimmed("EGG_HOME") ?? variables.trimmed("HOME") ?? passwordFileHome
        ?? "/home/admin")
  }

  private static var passwordFileHome: String? {
    guard let entry = unsafe getpwuid(geteuid()), let folder = unsafe entry.pointee.pw_dir
    else { return nil }
    return unsafe String(cString: folder)
  }

  /// The form in which interpolation and the dump show it.
  package var value: ConfigValue {
    [
      "name": .string(name), "baseDir": .string(baseDir), "env": .string(env),
      "scope": .string(scope), "HOME": .string(home), "root": .string(root),
    ]
  }
}
