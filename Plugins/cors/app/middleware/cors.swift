import CorsEngine
import Egg

/// Tells browsers which other sites may read the answers.
///
/// - Source: Fetch, section 3.2 (CORS protocol).
func cors(_ options: Value, _ app: Application) throws -> Middleware {
  let settings = try CorsSettings(options)
  return { ctx, next in
    ctx.vary("Origin")
    let origin = ctx.get("origin")
    guard !origin.isEmpty, let allowed = settings.allowed(origin, ctx) else {
      return try await next()
    }
    guard ctx.method == "OPTIONS" else {
      let fields = settings.rules.fields(allowed)
      for (name, value) in fields { ctx.set(name, value) }
      do {
        return try await next()
      } catch {
        throw settings.keepsHeadersOnError ? keeping(fields, on: error) : error
      }
    }
    // Any other OPTIONS is an ordinary request.
    guard !ctx.get("access-control-request-method").isEmpty else { return try await next() }
    let asked = ctx.get("access-control-request-headers")
    for (name, value) in settings.rules.preflightFields(allowed, asked: asked) {
      ctx.set(name, value)
    }
    ctx.status = 204
  }
}

/// The error with more fields on its answer.
private func keeping(_ fields: [(String, String)], on error: any Error) -> EggError {
  var error = EggError(error)
  var headers = error.headers
  for (name, value) in fields { headers[name] = .text(value) }
  let other = (headers["Vary"] ?? headers["vary"])?.string
  headers["vary"] = nil
  headers["Vary"] = .text(CorsRules.vary(other))
  error.headers = headers
  return error
}
