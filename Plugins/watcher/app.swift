import Egg

/// Watches files for every unit that asks: `app.watcher.watch` of the module `EggWatcherClient`.
final class WatcherBoot: Boot {
  private var source: FileSource?

  override func configDidLoad() async throws { source = try FileSource.begin(app) }

  override func beforeClose() async throws { source?.end() }
}
