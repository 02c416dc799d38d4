import Egg

func middlewareOne(_ options: Value, _ app: Application) -> Middleware {
  return { ctx, next in
    try await next()
  }
}
