import Egg

/// Says in a header how long the inner layers took.
func responseTime(_ options: Value, _ app: Application) -> Middleware {
  let header = options.header.string ?? "X-Response-Time"
  return { ctx, next in
    let clock = ContinuousClock()
    let start = clock.now
    try await next()
    let used = (clock.now - start).components
    ctx.set(header, "\(used.seconds * 1_000_000 + used.attoseconds / 1_000_000_000_000)us")
  }
}
