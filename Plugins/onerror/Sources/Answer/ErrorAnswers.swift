import Egg

/// One answer for one error, by what the client would rather have.
///
/// - Source: egg-onerror; where a client says nothing of what it accepts, Egg answers HTML and this
///   answers text.
final class ErrorAnswers {
  private let app: Application
  private let options: ErrorOptions
  private var isDevelopment: Bool { app.env == "local" }

  init(_ app: Application, _ options: ErrorOptions) {
    self.app = app
    self.options = options
  }

  func answer(_ error: EggError, _ ctx: Context, _ format: ErrorFormat) -> Bool {
    // A file that is not there, wherever it was looked for, is the client's 404.
    if error.code == "ENOENT", error.status >= 500 { ctx.status = 404 }
    let isUnanswered = error.code.isEmpty && error.status == 404 && error.message == "Not Found"
    switch format {
    case .json: ctx.body = facts(error, ctx)
    case .html where isDevelopment && options.developmentPage && !isUnanswered:
      page(error, ctx)
    case .html: html(error, ctx)
    case .text:
      guard let callback = jsonpCallback(ctx) else { return text(error, ctx) }
      jsonp(callback, facts(error, ctx), ctx)
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
    if !error.detail.isEmpty { facts["stack"] = .text(Stack(error.detail).text) }
    return .map(facts)
  }

  // MARK: HTML

  private func html(_ error: EggError, _ ctx: Context) {
    let status = ctx.status
    guard status >= 500 else {
      ctx.body = "<h2>\(status) \(HTML.escaped(message(error, ctx)))</h2>"
      return
    }
    if !options.errorPageUrl.isEmpty, !isErrorPage(ctx.path) {
      let mark = options.errorPageUrl.contains("?") ? "&" : "?"
      // Not `ctx.redirect`: the page may be on another host, and the configuration says so.
      ctx.status = 302
      ctx.set("Location", "\(options.errorPageUrl)\(mark)real_status=\(status)")
      ctx.body = ""
      return
    }
    ctx.status = 500
    ctx.body = "<h2>Internal Server Error, real status: \(status)</h2>"
  }

  /// The error page itself failed; sending the client there again would never end.
  private func isErrorPage(_ path: String) -> Bool {
    options.errorPageUrl.prefix { $0 != "?" } == path
  }

  private func page(_ error: EggError, _ ctx: Context) {
    ctx.set("Content-Type", "text/html; charset=utf-8")
    // The page has a style of its own and no script.
    ctx.set("Content-Security-Policy", "default-src 'none'; style-src 'unsafe-inline'")
    ctx.body = ErrorPage(error, ctx, app).html
  }

  private func text(_ error: EggError, _ ctx: Context) -> Bool {
    ctx.set("Content-Type", "text/plain; charset=utf-8")
    var text = "\(ctx.status) \(message(error, ctx))\n"
    if isDevelopment, !error.detail.isEmpty { text += Stack(error.detail).text + "\n" }
    ctx.body = text
    return true
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
