import Egg

/// Does nothing but wait for the inner layers, as ten of them do on `/mw`.
func noop() -> Middleware {
  { _, next in try await next() }
}
