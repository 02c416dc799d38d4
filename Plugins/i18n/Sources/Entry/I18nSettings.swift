import Egg
import EggI18nTexts

/// `config.i18n`
struct I18nSettings {
  let defaultLocale: String
  let queryField: String
  let cookieField: String
  let cookieMaxAge: Duration
  let cookieDomain: String?
  let writesCookie: Bool
  /// By normalised name.
  let aliases: [String: String]
  let dirs: [String]

  /// - Throws: `EggError` that names the key which does not fit.
  init(_ config: Value) throws {
    func text(_ name: String) throws -> String {
      guard let text = config[name].string else {
        throw EggError(
          code: "EGG_CONFIG",
          "config.i18n.\(name): expected text, found \(config[name].kindName)")
      }
      return text
    }
    defaultLocale = normalized(try text("defaultLocale"))
    queryField = try text("queryField")
    cookieField = try text("cookieField")
    cookieDomain = config.cookieDomain.string.flatMap { $0.isEmpty ? nil : $0 }
    writesCookie = config.writeCookie.bool != false
    guard let age = Self.milliseconds(config.cookieMaxAge) else {
      throw EggError(
        code: "EGG_CONFIG",
        "config.i18n.cookieMaxAge: expected milliseconds or text such as \"30d\", found"
          + " \(config.cookieMaxAge.json)")
    }
    cookieMaxAge = .milliseconds(age)
    var aliases: [String: String] = [:]
    for (name, locale) in config.localeAlias.object ?? ValueMap() {
      aliases[normalized(name)] = normalized(locale.string ?? "")
    }
    self.aliases = aliases
    dirs = config.dirs.array?.compactMap(\.string) ?? []
  }

  /// A year has 365.25 days.
  private static func milliseconds(_ value: Value) -> Int? {
    if let time = value.int { return time >= 0 ? time : nil }
    guard let text = value.string else { return nil }
    let digits = text.prefix { $0.isASCII && ($0.isNumber || $0 == ".") }
    let units: [String: Double] = [
      "": 1, "ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000, "d": 86_400_000, "w": 604_800_000,
      "y": 31_557_600_000,
    ]
    guard let count = Double(digits), let unit = units[String(text.dropFirst(digits.count))],
      count * unit < 1e15
    else { return nil }
    return Int(count * unit)
  }
}
