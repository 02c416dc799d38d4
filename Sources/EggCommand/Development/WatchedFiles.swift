import EggKernel
import FileWatching

/// Which files of an application `egg dev` looks at, and what follows when one is saved.
///
/// - Source: Egg, plugin development: the same folders and keys of `config.development`.
struct WatchedFiles {
  /// What a saved file asks for.
  enum Reaction: Comparable {
    /// It is read when it is needed: templates, static files.
    case nothing
    /// A new worker: configuration, locales, everything that is read at the start.
    case restart
    /// A build, then a new worker.
    case build
  }

  static let standardDirectories = [
    "app", "config", "mocks", "app.swift", "agent.swift", "plugin.json", "egg.json", "Sources",
    "Package.swift",
  ]
  static let standardIgnores = ["app/views", "app/view", "app/assets", "app/public", "app/web"]

  let baseDir: String
  let paths: [String]
  let ignored: [String]
  /// `development.reloadPattern`: only files whose path matches restart; nil for all.
  let pattern: GlobPattern?

  init(_ plan: LoadPlan) {
    baseDir = plan.info.baseDir
    func list(_ key: String) -> [String] {
      let value = plan.config.value(at: "development.\(key)")
      return value?.strings ?? value?.string.map { [$0] } ?? []
    }
    func isOn(_ key: String) -> Bool { plan.config.value(at: "development.\(key)")?.bool ?? false }
    let root = baseDir
    func absolute(_ path: String) -> String {
      Path.normalized(path.hasPrefix("/") ? path : root + "/" + path)
    }
    let own = list("watchDirs")
    let ownIgnores = list("ignoreDirs")
    paths = ((isOn("overrideDefault") ? [] : Self.standardDirectories) + own).map(absolute)
    ignored = ((isOn("overrideIgnore") ? [] : Self.standardIgnores) + ownIgnores).map(absolute)
    pattern = plan.config.value(at: "development.reloadPattern")?.string.flatMap {
      $0.isEmpty ? nil : GlobPattern(absolute($0))
    }
  }

  /// Not looked at at all. Folders of builds and of version control change all the time.
  static func isHidden(_ path: String) -> Bool {
    let name = Path.lastComponent(of: path)
    return name.hasPrefix(".") || name.hasSuffix("~") || name.hasPrefix("#") || name == "4913"
      || name.hasSuffix(".tmp") || name.hasSuffix(".swp") || name == "node_modules"
  }

  func reaction(to change: FileChange) -> Reaction {
    let path = change.path
    if ignored.contains(where: { path == $0 || path.hasPrefix($0 + "/") }) { return .nothing }
    if change.kind == .unknown { return .build }
    if change.isDirectory { return .nothing }
    if let pattern, !pattern.matches(path) { return .nothing }
    let ending = path.split(separator: ".").last.map(String.init) ?? ""
    if ["swift", "c", "cpp", "cc", "h", "hpp", "modulemap"].contains(ending) { return .build }
    // What it says about the unit goes into the generated entry point.
    if ["plugin.json", "egg.json"].contains(Path.lastComponent(of: path)),
      Path.folder(of: path) == baseDir
    {
      return .build
    }
    return .restart
  }

  func relative(_ path: String) -> String {
    path.hasPrefix(baseDir + "/") ? String(path.dropFirst(baseDir.count + 1)) : path
  }
}

/// `*` for anything but a slash, `**` for anything, `?` for one character.
struct GlobPattern {
  private let pattern: [Character]

  init(_ pattern: String) { self.pattern = Array(pattern) }

  func matches(_ text: String) -> Bool { matches(Array(text)) }

  /// Backtracks to the last star only, and once more to the last double star: no exponential time.
  private func matches(_ text: [Character]) -> Bool {
    var (p, t) = (0, 0)
    var star: (p: Int, t: Int)?
    var doubleStar: (p: Int, t: Int)?
    while t < text.count {
      if p < pattern.count, pattern[p] == "*" {
        if p + 1 < pattern.count, pattern[p + 1] == "*" {
          p += 2
          // "**/" also stands for no folder at all.
          if p < pattern.count, pattern[p] == "/", p >= 3, pattern[p - 3] == "/" { p += 1 }
          doubleStar = (p, t)
          star = nil
        } else {
          p += 1
          star = (p, t)
        }
        continue
      }
      if p < pattern.count, pattern[p] == text[t] || (pattern[p] == "?" && text[t] != "/") {
        (p, t) = (p + 1, t + 1)
        continue
      }
      if let last = star, text[last.t] != "/" {
        star = (last.p, last.t + 1)
        (p, t) = (last.p, last.t + 1)
        continue
      }
      guard let last = doubleStar else { return false }
      star = nil
      doubleStar = (last.p, last.t + 1)
      (p, t) = (last.p, last.t + 1)
    }
    while p < pattern.count, pattern[p] == "*" { p += 1 }
    return p == pattern.count
  }
}
