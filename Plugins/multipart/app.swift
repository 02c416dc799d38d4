import Egg
import EggMultipart

/// Declares `ctx.saveRequestFiles` and `ctx.request.files`, and in mode `file` the middleware.
final class MultipartBoot: Boot {
  override func register() throws {
    app.extend { unit in
      unit.property(
        Request.self, "files",
        get: { request in
          try SavedFiles.of(request.ctx).map { try Value(encoding: $0.files) } ?? .null
        })
      unit.method(
        Context.self, "saveRequestFiles",
        { ctx, _ async throws in try Value(encoding: try await SavedFiles.save(ctx).files) }
          as @MainActor (Context, Arguments) async throws -> Value)
      unit.method(Context.self, "cleanupRequestFiles") { ctx, _ in
        SavedFiles.of(ctx)?.remove()
        return .undefined
      }
    }
    // However a request ends, also when its client has left.
    app.on(.response) { ctx in SavedFiles.of(ctx)?.remove() }
  }

  override func configWillLoad() async throws {
    let options = try MultipartOptions(app.config.multipart)
    var names = app.config.coreMiddleware.array?.compactMap(\.string) ?? []
    guard options.isFileMode || options.fileModeMatch.exists, !names.contains("multipart") else {
      return
    }
    names.append("multipart")
    try app.config.set("coreMiddleware", Value(names), origin: "plugin multipart")
    guard options.fileModeMatch.exists, !app.config.multipart.match.exists else { return }
    try app.config.set("multipart.match", options.fileModeMatch, origin: "plugin multipart")
  }
}
