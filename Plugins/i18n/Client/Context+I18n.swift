import Egg

extension Context {
  /// A text in the language of the request; the key itself where there is none.
  ///
  ///     ctx.__("Welcome")
  ///     ctx.__("Welcome back, %s!", user.name)
  ///     ctx.__("{0} of {1}", [3, 5])
  ///     ctx.__("Hello {name}", ["name": "Ada"] as Value)
  ///
  /// - Parameter args: values for `%s %d %j` in turn, or one list for `{0}`, or one object for
  ///   `{name}`.
  public func __(_ key: String, _ args: any Encodable...) -> String { translated(key, args) }

  /// The same.
  public func gettext(_ key: String, _ args: any Encodable...) -> String { translated(key, args) }

  private func translated(_ key: String, _ args: [any Encodable]) -> String {
    do {
      return try helper.callNow("__", with: [.text(key)] + args.map { Value($0) }).string ?? key
    } catch {
      logger.error("ctx.__ needs the plugin i18n; enable it in config/plugin.json")
      return key
    }
  }

  /// The language of the request, "zh-cn": from the query, the cookie or `Accept-Language`.
  public var locale: String { `extension`("locale").string ?? "" }

  /// Another language for the rest of this request and, by the cookie, for those to come.
  ///
  /// - Throws: `EggError` when the plugin i18n is off, or for what is no name of a locale.
  public func setLocale(_ locale: String) throws { try callNow("__setLocale", locale) }
}
