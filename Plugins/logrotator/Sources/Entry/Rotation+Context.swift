import Egg
import LogRotation

/// One rotation: rename, have every process open its files anew, then compress what is old.
func rotate(_ ctx: Context, _ rename: @escaping @Sendable () -> Renaming) async throws {
  let settings = try RotatorSettings(ctx.app)
  let outcome = try await ctx.app.runBlocking { rename() }
  for problem in outcome.problems { ctx.coreLogger.error("[logrotator] \(problem)") }
  guard !outcome.renamed.isEmpty else { return }
  ctx.app.messenger.broadcast("log-reload")
  for file in outcome.renamed { ctx.coreLogger.info("[logrotator] renamed to \(file)") }
  guard settings.gzip else { return }
  // Until every process has opened its new file, lines still go to the old one.
  try await Task.sleep(for: .seconds(2))
  let problems = try await ctx.app.runBlocking { outcome.renamed.compactMap { Gzip.replace($0) } }
  for problem in problems { ctx.coreLogger.error("[logrotator] \(problem)") }
}
