import Egg

/// Mode `file`: saves the files of forms before the layers below run.
func multipart(_ options: Value, _ app: Application) -> Middleware {
  { ctx, next in
    if ctx.is("multipart") != nil { _ = try await SavedFiles.save(ctx) }
    try await next()
  }
}
