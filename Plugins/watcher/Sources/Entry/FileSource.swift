import Egg
import FileWatching

/// Files as a source of events: what `watcher:watch` asks for is watched, and told in
/// `watcher:change` and `watcher:fuzzy-change`.
@MainActor
final class FileSource {
  private let app: ApplicationBase
  private let files: FileWatch
  private var watch: Watch?
  /// How many asked for a path.
  private var counts: [String: Int] = [:]

  /// - Returns: nil when `config.watcher.type` names another source.
  /// - Throws: `EggError` for a configuration that can't be, and when the system lets nobody watch.
  static func begin(_ app: ApplicationBase) throws -> FileSource? {
    guard let type = app.config.watcher.type.string, !type.isEmpty else {
      throw EggError(code: "EGG_CONFIG", "expected config.watcher.type to be the name of a source")
    }
    guard type == "development" else { return nil }
    let limit = app.config.watcher.maxFolders.int ?? 16384
    guard (1...1_000_000).contains(limit) else {
      throw EggError(
        code: "EGG_CONFIG", "expected config.watcher.maxFolders from 1 to 1000000, found \(limit)")
    }
    return try FileSource(app, limit: limit)
  }

  private init(_ app: ApplicationBase, limit: Int) throws {
    self.app = app
    do {
      files = try FileWatch(limit: limit)
    } catch {
      throw EggError(code: "EGG_WATCH", error.description)
    }
    watch = try app.loop.watch(files.descriptor, .read) { [weak self] _ in self?.tell() }
    app.on("watcher:watch") { [weak self] paths, _ in
      for path in paths.array ?? [] { if let path = path.string { self?.add(path) } }
    }
    app.on("watcher:unwatch") { [weak self] paths, _ in
      for path in paths.array ?? [] { if let path = path.string { self?.remove(path) } }
    }
  }

  func end() { watch?.end() }

  private func add(_ path: String) {
    counts[path, default: 0] += 1
    files.add(path)
    for failure in files.takeFailures() { app.coreLogger.warn("[watcher] \(failure)") }
  }

  private func remove(_ path: String) {
    guard let count = counts[path] else { return }
    counts[path] = count > 1 ? count - 1 : nil
    if count == 1 { files.remove(path) }
  }

  private func tell() {
    for change in files.read() {
      let name =
        switch change.kind {
        case .change: "change"
        case .create: "create"
        case .remove: "remove"
        case .unknown: "unknown"
        }
      app.emit(
        change.kind == .unknown ? "watcher:fuzzy-change" : "watcher:change",
        [
          "path": change.path, "event": name,
          "isDirectory": change.isDirectory,
        ] as Value)
    }
    for failure in files.takeFailures() { app.coreLogger.warn("[watcher] \(failure)") }
  }
}
