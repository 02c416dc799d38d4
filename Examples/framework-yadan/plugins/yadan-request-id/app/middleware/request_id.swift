import Egg

struct RequestIdOptions: Decodable {
  var header: String
}

/// Tells the client under which name its request is in the logs.
func requestId(_ options: RequestIdOptions) -> Middleware {
  return { ctx, next in
    ctx.set(options.header, ctx.requestId)
    try await next()
  }
}
