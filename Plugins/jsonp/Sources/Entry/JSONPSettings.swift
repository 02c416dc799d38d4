import Egg
import JSONPEngine

enum FunctionKey: StorageKey { typealias Value = String }

/// - Parameter function: of `JSONPSettings.function`.
func jsonpText(_ function: String, _ content: Value) -> String {
  // As an element of a list, since text alone is JSON too.
  JSONPCall.text(
    function,
    json: content.isUndefined ? "" : String(([content] as Value).json.dropFirst().dropLast())
  )
}

/// The options of one use of the middleware, over `config.jsonp`.
struct JSONPSettings {
  private let names: [String]
  private let limit: Int
  private let checksCsrf: Bool
  /// Nil: nobody asks where a request comes from.
  private let pages: [PageRule]?

  /// - Throws: `EggError` that names the option which does not fit.
  init(_ given: Value, _ app: Application) throws {
    var map = app.config.jsonp.object ?? ValueMap()
    map.merge(given.object ?? ValueMap())
    let options = Value.map(map)
    let names = options.callback.string.map { [$0] } ?? options.callback.array?.compactMap(\.string)
    guard let names, !names.isEmpty else {
      throw EggError(
        code: "EGG_CONFIG",
        "jsonp.callback: expected a name or a list of names, found \(options.callback.json)")
    }
    guard let limit = options.limit.int, limit > 0 else {
      throw EggError(
        code: "EGG_CONFIG",
        "jsonp.limit: expected a number of characters, found \(options.limit.json)")
    }
    self.names = names
    self.limit = limit
    let csrf = app.config["security.csrf"]
    let hasCsrf = csrf.exists && csrf.bool != false && csrf.enable.bool != false
    checksCsrf = options.csrf.isTruthy && hasCsrf
    let list = options.whiteList
    pages = list.exists ? try (list.array ?? [list]).map(Self.rule) : nil
    if !checksCsrf, pages == nil {
      app.coreLogger.warn(
        "jsonp: neither csrf nor whiteList is on, so that every site can read these answers")
    }
  }

  private static func rule(_ value: Value) throws -> PageRule {
    guard let text = value.string, !text.isEmpty else {
      throw EggError(
        code: "EGG_CONFIG",
        "jsonp.whiteList: expected hosts or expressions such as \"/^https:/\", found \(value.json)")
    }
    do {
      return try PageRule(text)
    } catch let error as PageRule.Mistake {
      throw EggError(code: "EGG_CONFIG", "jsonp.whiteList: \(error)")
    }
  }

  /// What the client wants called; nil when it wants plain JSON.
  func function(_ ctx: Context) -> String? {
    guard let name = names.lazy.compactMap({ ctx.query[$0] }).first(where: { !$0.isEmpty }) else {
      return nil
    }
    return JSONPCall.name(name, limit: limit)
  }

  /// - Throws: 403 unless the page is known or the token right; nothing when neither is asked for.
  func check(_ ctx: Context) throws {
    if !checksCsrf, pages == nil { return }
    let referrer = ctx.get("referrer")
    if let pages, pages.contains(where: { $0.fits(referrer) }) { return }
    if checksCsrf, (try? ctx.callNow("assertCsrf")) != nil { return }
    try ctx.throw(403, "jsonp request security validate failed")
  }
}
