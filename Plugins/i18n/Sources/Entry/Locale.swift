import Egg
import EggI18nTexts

/// The language of a request, found at the first look.
enum Locale {
  private enum Key: StorageKey { typealias Value = String }

  static func of(_ ctx: Context) -> String {
    if let known = ctx[Key.self] { return known }
    guard let settings = ctx.app[I18nKey.self], let texts = ctx.app[TextsKey.self] else {
      return ""
    }
    let cookie = sentCookie(settings, ctx)
    let locale = find(settings, texts, cookie, ctx)
    ctx[Key.self] = locale
    if settings.writesCookie, cookie != locale, !ctx.headerSent { write(locale, settings, ctx) }
    return locale
  }

  /// For the rest of this request, and for those to come.
  static func set(_ locale: String, _ ctx: Context) throws {
    guard let settings = ctx.app[I18nKey.self] else { return }
    guard locale.utf8.count <= 64, locale.utf8.allSatisfy({ isPlain($0) }) else {
      throw EggError(
        code: "EGG_I18N", "a locale has letters, digits, \"-\" and \"_\", not \"\(locale)\"")
    }
    let locale = normalized(locale)
    ctx[Key.self] = locale
    if !ctx.headerSent { write(locale, settings, ctx) }
  }

  private static func isPlain(_ byte: UInt8) -> Bool {
    0x61...0x7A ~= byte | 0x20 || 0x30...0x39 ~= byte || byte == 0x2D || byte == 0x5F
  }

  /// Query, cookie, header, default; one without texts is the default too.
  private static func find(
    _ settings: I18nSettings, _ texts: Texts, _ cookie: String, _ ctx: Context
  ) -> String {
    func resolved(_ name: String) -> String {
      let name = normalized(name)
      return settings.aliases[name] ?? name
    }
    var wanted = ctx.query[settings.queryField] ?? ""
    if wanted.isEmpty { wanted = cookie }
    if wanted.isEmpty, !ctx.get("accept-language").isEmpty {
      let languages = ctx.request.acceptedLanguages.filter { $0 != "*" }
      wanted = languages.first { texts.has(resolved($0)) } ?? ""
    }
    let locale = resolved(wanted)
    return texts.has(locale) ? locale : settings.defaultLocale
  }

  private static func sentCookie(_ settings: I18nSettings, _ ctx: Context) -> String {
    (try? ctx.cookies.get(settings.cookieField, signed: false, encrypt: false)) ?? ""
  }

  private static func write(_ locale: String, _ settings: I18nSettings, _ ctx: Context) {
    let options = CookieOptions(
      domain: settings.cookieDomain, maxAge: settings.cookieMaxAge, httpOnly: false, signed: false,
      encrypt: false, overwrite: true)
    do {
      try ctx.cookies.set(settings.cookieField, locale, options)
    } catch {
      ctx.coreLogger.warn(error)
    }
  }
}
