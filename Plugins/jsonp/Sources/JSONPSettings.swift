import Egg
import EggSecurityRules

enum FunctionKey: StorageKey { typealias Value = String }

/// A script that calls `function`, if it is one. The comment in front keeps the answer from being
/// read as something else than a script.
///
/// - Parameter function: only letters, digits and `_$.[]`.
func jsonpText(_ function: String, _ content: Value) -> String {
  let json = content.isUndefined ? "" : content.isNull ? "null" : jsonText(content)
  return "/**/ typeof \(function) === 'function' && \(function)(\(json));"
}

/// JSON in which nothing ends a line of JavaScript.
private func jsonText(_ content: Value) -> String {
  let json = ([content] as Value).json.dropFirst().dropLast()
  // Both begin with this byte in UTF-8, and most answers have none.
  guard json.utf8.contains(0xE2) else { return String(json) }
  return json.unicodeScalars.reduce(into: "") { text, scalar in
    switch scalar {
    case "\u{2028}": text += "\\u2028"
    case "\u{2029}": text += "\\u2029"
    default: text.unicodeScalars.append(scalar)
    }
  }
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
    pages = list.exists ? try (list.array ?? [list]).map { try PageRule($0) } : nil
    if !checksCsrf, pages == nil {
      app.coreLogger.warn(
        "jsonp: neither csrf nor whiteList is on, so that every site can read these answers")
    }
  }

  /// What the client wants called; nil when it wants plain JSON.
  func function(_ ctx: Context) -> String? {
    guard let name = names.lazy.compactMap({ ctx.query[$0] }).first(where: { !$0.isEmpty }) else {
      return nil
    }
    let allowed = name.utf8.filter { byte in
      switch byte {
      case 0x30...0x39, 0x41...0x5A, 0x61...0x7A: true
      default: "_$.[]".utf8.contains(byte)
      }
    }
    return allowed.isEmpty ? nil : String(decoding: allowed.prefix(limit), as: UTF8.self)
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

/// Where a page may be.
private enum PageRule {
  /// `.example.com` or a host.
  case host(String)
  /// Of the whole address.
  case pattern(Regex<AnyRegexOutput>)

  init(_ rule: Value) throws {
    guard let text = rule.string, !text.isEmpty else {
      throw EggError(
        code: "EGG_CONFIG",
        "jsonp.whiteList: expected hosts or expressions such as \"/^https:/\", found \(rule.json)")
    }
    guard text.hasPrefix("/"), let end = text.dropFirst().lastIndex(of: "/") else {
      self = .host(text)
      return
    }
    let flags = text[text.index(after: end)...]
    let pattern = String(text[text.index(after: text.startIndex)..<end])
    do {
      self = .pattern(
        try Regex(pattern).matchingSemantics(.unicodeScalar).ignoresCase(flags.contains("i")))
    } catch {
      throw EggError(
        code: "EGG_CONFIG", "jsonp.whiteList: \(text) is no regular expression: \(error)")
    }
  }

  func fits(_ referrer: String) -> Bool {
    switch self {
    case .host(let host): hostOf(referrer).map { isSafeDomain($0, [host]) } ?? false
    case .pattern(let pattern): referrer.firstMatch(of: pattern) != nil
    }
  }
}
