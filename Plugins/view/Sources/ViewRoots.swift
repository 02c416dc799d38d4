/// The folders in which templates are looked for, the first to look in first.
struct ViewRoots {
  /// Absolute, without a slash at the end, each once.
  let folders: [String]

  /// - Parameters:
  ///   - configured: `config.view.root`, comma between.
  ///   - units: `app/view` of every unit that has one: application, frameworks, plugins. They follow
  ///     behind what is configured.
  init(_ configured: String, baseDir: String, units: [String]) {
    var folders: [String] = []
    let own = configured.split(separator: ",").map { part in
      let part = part.drop { $0 == " " }
      let end = part.lastIndex { $0 != " " }
      return String(end.map { part[...$0] } ?? "")
    }
    for folder in own.filter({ !$0.isEmpty }) + units {
      let path = Self.normalized(folder.hasPrefix("/") ? folder : baseDir + "/" + folder)
      if !folders.contains(path) { folders.append(path) }
    }
    self.folders = folders
  }

  private static func normalized(_ path: String) -> String {
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }
}
