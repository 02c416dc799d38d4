import Egg
import SessionEngine

/// `config.session`
struct SessionSettings: Decodable {
  var key: String
  var maxAge: Value
  var renew: Bool
  var rolling: Bool
  var refreshOnVisit: Bool
  var autoCommit: Bool
  var store: String?
  var prefix: String
  var logValue: Bool
  var httpOnly: Bool
  var encrypt: Bool
  var signed: Bool
  var overwrite: Bool
  var secure: Bool?
  var path: String?
  var domain: String?
  var sameSite: String?
  var priority: String?
  var partitioned: Bool?

  /// - Throws: `EggError` that names the key which does not fit.
  init(_ config: Config) throws {
    self = try config.decode(SessionSettings.self, "session")
    guard SessionAge(maxAge) != nil else {
      throw EggError(
        code: "EGG_CONFIG",
        "config.session.maxAge: expected milliseconds above 0 or \"session\", found \(maxAge.json)")
    }
    if let sameSite, CookieOptions.SameSite(rawValue: sameSite.lowercased()) == nil {
      throw EggError(
        code: "EGG_CONFIG",
        "config.session.sameSite: expected \"strict\", \"lax\" or \"none\", found \"\(sameSite)\"")
    }
  }

  var age: SessionAge { SessionAge(maxAge) ?? .browser }

  /// How the cookie is set.
  func cookie(_ age: SessionAge) -> CookieOptions {
    var options = CookieOptions(
      path: path, domain: domain, secure: secure, httpOnly: httpOnly, signed: signed,
      encrypt: encrypt, overwrite: overwrite,
      sameSite: sameSite.flatMap { CookieOptions.SameSite(rawValue: $0.lowercased()) },
      priority: priority.flatMap { CookieOptions.Priority(rawValue: $0.lowercased()) },
      partitioned: partitioned)
    if case .milliseconds(let time) = age { options.maxAge = .milliseconds(time) }
    return options
  }
}

enum SettingsKey: StorageKey { typealias Value = SessionSettings }

extension Application {
  /// Read at the first look, when the configuration does not change any more.
  var sessionSettings: SessionSettings {
    get throws {
      if let known = self[SettingsKey.self] { return known }
      let settings = try SessionSettings(config)
      self[SettingsKey.self] = settings
      return settings
    }
  }
}
