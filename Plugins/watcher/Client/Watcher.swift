import Egg

/// What happened to a watched file.
public struct WatchInfo: Sendable, Equatable {
  /// Absolute.
  public let path: String
  /// `change`, `create`, `remove`; `unknown` when something at or below `path` may have changed and
  /// nobody knows what.
  public let event: String
  public let isDirectory: Bool
  public var isFile: Bool { !isDirectory }
  public var isRemoved: Bool { event == "remove" }
}

extension ApplicationBase {
  /// Changes of files, of the plugin watcher. Without the plugin, or with `watcher.type` "default" as
  /// in production, nothing is ever told.
  ///
  ///     let watch = app.watcher.watch(["config/prices.json"]) { info in reload(info.path) }
  ///     app.watcher.unwatch(watch)
  public var watcher: Watcher {
    if let watcher = self[WatcherKey.self] { return watcher }
    let watcher = Watcher(self)
    self[WatcherKey.self] = watcher
    return watcher
  }
}

private enum WatcherKey: StorageKey { typealias Value = Watcher }

/// Who wants to hear of which files.
public final class Watcher {
  /// What `watch` gives and `unwatch` takes.
  public final class Subscription {
    fileprivate let paths: [String]
    fileprivate let changed: @MainActor (WatchInfo) -> Void

    fileprivate init(_ paths: [String], _ changed: @escaping @MainActor (WatchInfo) -> Void) {
      self.paths = paths
      self.changed = changed
    }
  }

  private unowned let app: ApplicationBase
  private var subscriptions: [Subscription] = []

  fileprivate init(_ app: ApplicationBase) {
    self.app = app
    app.on("watcher:change") { [weak self] value, _ in self?.heard(value, isFuzzy: false) }
    app.on("watcher:fuzzy-change") { [weak self] value, _ in self?.heard(value, isFuzzy: true) }
  }

  /// Watches files and folders with all that is in them. They need not exist yet.
  ///
  /// - Parameters:
  ///   - paths: absolute, or below the application's folder.
  ///   - changed: runs on the loop, once for each change.
  /// - Source: egg-watcher, `watch(path, callback)`.
  @discardableResult
  public func watch(
    _ paths: [String], _ changed: @escaping @MainActor (WatchInfo) -> Void
  ) -> Subscription {
    let absolute = paths.map { normalized($0.hasPrefix("/") ? $0 : app.baseDir + "/" + $0) }
    let subscription = Subscription(absolute, changed)
    subscriptions.append(subscription)
    app.emit("watcher:watch", .list(absolute.map { .text($0) }))
    return subscription
  }

  @discardableResult
  public func watch(
    _ path: String, _ changed: @escaping @MainActor (WatchInfo) -> Void
  ) -> Subscription { watch([path], changed) }

  /// The opposite of `watch`; twice does nothing.
  public func unwatch(_ subscription: Subscription) {
    guard let index = subscriptions.firstIndex(where: { $0 === subscription }) else { return }
    subscriptions.remove(at: index)
    app.emit("watcher:unwatch", .list(subscription.paths.map { .text($0) }))
  }

  private func heard(_ value: Value, isFuzzy: Bool) {
    guard let path = value.path.string else { return }
    let info = WatchInfo(
      path: path, event: value.event.string ?? "unknown",
      isDirectory: value.isDirectory.bool ?? false)
    for subscription in subscriptions {
      let concerns = subscription.paths.contains {
        isAt(path, orBelow: $0) || (isFuzzy && isAt($0, orBelow: path))
      }
      if concerns { subscription.changed(info) }
    }
  }

  private func isAt(_ path: String, orBelow folder: String) -> Bool {
    path == folder || folder == "/" || path.hasPrefix(folder + "/")
  }

  private func normalized(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
