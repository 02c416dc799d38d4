import Egg
import ErrorPages
import Glibc

/// One answer for one error, by what the client would rather have.
///
/// - Source: egg-onerror; where a client says nothing of what it accepts, Egg answers HTML and this
///   answers text.
final class ErrorAnswers {
  private let app: Application
  private let options: ErrorOptions
  /// Of `templatePath`; the plugin's own is read when it is shown first.
  private let template: PageTemplate?
  /// Everything may be shown.
  private let isDevelopment: Bool

  /// - Throws: `EGG_ONERROR` for a template that can't be read or asks for what is not known.
  init(_ app: Application, _ options: ErrorOptions) throws {
    self.app = app
    self.options = options
    isDevelopment = app.env == "local" || app.env == "unittest"
    do {
      template = try Self.template(options.templatePath, app).map { try PageTemplate($0) }
    } catch let error as PageTemplate.Mistake {
      throw EggError(
        code: "EGG_ONERROR", "config.onerror.templatePath: \(options.templatePath): \(error)")
    }
  }

  private static func template(_ path: String, _ app: Application) throws -> String? {
    if path.isEmpty { return nil }
    let file = path.hasPrefix("/") ? path : app.baseDir + "/" + path
    guard let stream = fopen(file, "re") else {
      throw EggError(
        code: "EGG_ONERROR",
        "config.onerror.templatePath: expected a page of HTML, but \(file) can't be read")
    }
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    return String(decoding: bytes[..<fread(&bytes, 1, bytes.count, stream)], as: UTF8.self)
  }

  func answer(_ error: EggError, _ ctx: Context, _ format: ErrorFormat) -> Bool {
    // A file that is not there, wherever it was looked for, is the client's 404.
    if error.code == "ENOENT", error.status >= 500 { ctx.status = 404 }
    let isUnanswered = error.code.isEmpty && error.status == 404 && error.message == "Not Found"
    if format != .json, let callback = jsonpCallback(ctx) {
      jsonp(callback, facts(error, ctx), ctx)
    } else if format == .json {
      ctx.body = facts(error, ctx)
    } else if !options.redirect.isEmpty, !isUnanswered, !isPage(options.redirect, ctx.path) {
      leave(to: options.redirect, ctx)
    } else if format == .text {
      text(error, ctx)
    } else if !options.developmentPage || isUnanswered || !isDevelopment {
      html(error, ctx)
    } else if app.env == "local" {
      page(error, ctx)
    } else {
      // What a test prints when it expected something else.
      text(error, ctx)
    }
    return true
  }

  /// What a client may know: below 500 the message and its list of errors, from 500 on the reason.
  private func message(_ error: EggError, _ ctx: Context) -> String {
    ctx.status < 500 || error.expose || isDevelopment
      ? error.message : ctx.response.phrase(ctx.status)
  }

  private func facts(_ error: EggError, _ ctx: Context) -> Value {
    var facts = ValueMap()
    if !error.code.isEmpty { facts["code"] = .text(error.code) }
    facts["message"] = .text(message(error, ctx))
    if ctx.status < 500, let errors = error.properties["errors"] { facts["errors"] = errors }
    guard isDevelopment else { return .map(facts) }
    for (name, value) in error.properties where name != "headers" && facts[name] == nil {
      facts[name] = value
    }
    facts["name"] = facts["name"] ?? .text(error.code.isEmpty ? "Error" : error.code)
    if !error.detail.isEmpty { facts["stack"] = .text(Stack(error.detail).text) }
    return .map(facts)
  }

  // MARK: HTML

  private func html(_ error: EggError, _ ctx: Context) {
    let status = ctx.status
    guard status >= 500 else {
      let text = isDevelopment ? message(error, ctx) : ctx.response.phrase(status)
      ctx.body = "<h2>\(status) \(HTML.escaped(text))</h2>"
      return
    }
    ctx.realStatus = status
    if !options.errorPageUrl.isEmpty, !isPage(options.errorPageUrl, ctx.path) {
      let mark = options.errorPageUrl.contains("?") ? "&" : "?"
      return leave(to: "\(options.errorPageUrl)\(mark)real_status=\(status)", ctx)
    }
    ctx.status = 500
    ctx.body = "<h2>Internal Server Error, real status: \(status)</h2>"
  }

  /// Not `ctx.redirect`: the page may be on another host, and the configuration says so.
  private func leave(to url: String, _ ctx: Context) {
    ctx.realStatus = ctx.status
    ctx.status = 302
    ctx.set("Location", url)
    ctx.body = ""
  }

  /// The page itself failed; sending the client there again would never end.
  private func isPage(_ url: String, _ path: String) -> Bool { url.prefix { $0 != "?" } == path }

  private func page(_ error: EggError, _ ctx: Context) {
    ctx.set("Content-Type", "text/html; charset=utf-8")
    // The page has a style of its own and no script.
    ctx.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
    ctx.body = ErrorPage(error, ctx, app).html(template ?? ErrorPage.own)
  }

  private func text(_ error: EggError, _ ctx: Context) {
    ctx.set("Content-Type", "text/plain; charset=utf-8")
    var text = "\(ctx.status) \(message(error, ctx))\n"
    if isDevelopment, !error.detail.isEmpty { text += Stack(error.detail).text + "\n" }
    ctx.body = text
  }

  // MARK: JSONP

  /// The callback's name where the plugin `jsonp` found that this request asks for JSONP.
  private func jsonpCallback(_ ctx: Context) -> String? {
    guard ctx.extension("acceptJSONP").bool == true else { return nil }
    return ctx.extension("jsonpFunction").string
  }

  private func jsonp(_ callback: String, _ facts: Value, _ ctx: Context) {
    ctx.set("X-Content-Type-Options", "nosniff")
    ctx.set("Content-Type", "application/javascript; charset=utf-8")
    let json = facts.json.replacing("\u{2028}", with: "\\u2028")
      .replacing("\u{2029}", with: "\\u2029")
    ctx.body = "/**/ typeof \(callback) === 'function' && \(callback)(\(json));"
  }
}
