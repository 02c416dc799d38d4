/// Which folders are served, the first to look in first.
nonisolated struct FolderPlan: Equatable {
  struct Folder: Equatable {
    var path: String
    var options: StaticOptions
    /// Made at start when it is missing.
    var isCreated: Bool
  }

  private(set) var folders: [Folder] = []
  /// Files known at a time.
  let maxFiles: Int

  /// - Parameters:
  ///   - setting: `config.static`.
  ///   - baseDir: the application's folder, which relative paths are below.
  ///   - contributed: `app/public` of plugins and frameworks, in load order; later ones are looked
  ///     in first, as what is nearer to the application wins.
  /// - Throws: `SettingError` naming the key.
  /// - Source: egg-static, `dir` and `dirs`; folders of units are an addition.
  init(_ setting: Setting, baseDir: String, contributed: [String]) throws(SettingError) {
    let base = try StaticOptions(setting, key: "static")
    maxFiles = max(
      1, try StaticOptions.count(setting["maxFiles"], 1000, "a count", key: "static.maxFiles"))
    func absolute(_ path: String) -> String {
      path.utf8.first == UInt8(ascii: "/") ? path : "\(baseDir)/\(path)"
    }
    // `dir` may be a list too, which is what `dirs` was called once.
    switch setting["dir"] {
    case .none: add(absolute("app/public"), base, isCreated: true)
    case .list(let items): try add(items, "static.dir", base, absolute)
    case let item: try add([item], "static.dir", base, absolute)
    }
    switch setting["dirs"] {
    case .none: break
    case .list(let items): try add(items, "static.dirs", base, absolute)
    case let item: try add([item], "static.dirs", base, absolute)
    }
    for path in contributed.reversed() { add(path, base, isCreated: false) }
  }

  /// Every prefix once.
  var prefixes: [String] {
    var all: [String] = []
    for folder in folders where !all.contains(folder.options.prefix) {
      all.append(folder.options.prefix)
    }
    return all
  }

  private mutating func add(
    _ items: [Setting], _ key: String, _ base: StaticOptions, _ absolute: (String) -> String
  ) throws(SettingError) {
    for (place, item) in items.enumerated() {
      let key = items.count == 1 && key == "static.dir" ? key : "\(key)[\(place)]"
      switch item {
      case .text(let path) where !path.isEmpty: add(absolute(path), base, isCreated: true)
      case .map:
        guard case .text(let path) = item["dir"], !path.isEmpty else {
          throw SettingError("\(key).dir", expected: "the path of a folder", found: item["dir"])
        }
        add(absolute(path), try StaticOptions(item, over: base, key: key), isCreated: true)
      default:
        throw SettingError(
          key, expected: "the path of a folder, or an object with \"dir\"", found: item)
      }
    }
  }

  private mutating func add(_ path: String, _ options: StaticOptions, isCreated: Bool) {
    let isKnown = folders.contains { $0.path == path && $0.options.prefix == options.prefix }
    if !isKnown { folders.append(Folder(path: path, options: options, isCreated: isCreated)) }
  }
}
