import Glibc

/// The Swift files of a unit that the conventions look at.
struct UnitFolder {
  /// Without a slash at the end.
  let path: String
  /// By relative path: `agent.swift`, `app.swift`, then `app/**`.
  let files: [SourceFile]

  /// Below `app`, but never code: folders of data that other plugins serve.
  static let dataFolders: Set<String> = ["app/public", "app/view"]

  init(path: String) {
    var trimmed = path
    while trimmed.count > 1, trimmed.hasSuffix("/") { trimmed.removeLast() }
    self.path = trimmed
    var found: [String] = ["agent.swift", "app.swift"]
    Self.list("app", in: trimmed, into: &found)
    files = found.compactMap { relative in
      let absolute = "\(trimmed)/\(relative)"
      guard let bytes = readFile(absolute) else { return nil }
      return SourceFile(relativePath: relative, absolutePath: absolute, bytes: bytes)
    }
  }

  /// Appends the Swift files below a folder, sorted, hidden ones left out.
  private static func list(_ folder: String, in root: String, into found: inout [String]) {
    guard !dataFolders.contains(folder), let directory = opendir("\(root)/\(folder)") else {
      return
    }
    var names: [(name: String, isFolder: Bool)] = []
    while let entry = readdir(directory) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      if name.hasPrefix(".") { continue }
      var isFolder = entry.pointee.d_type == DT_DIR
      if entry.pointee.d_type == DT_LNK || entry.pointee.d_type == DT_UNKNOWN {
        var status = stat()
        isFolder =
          stat("\(root)/\(folder)/\(name)", &status) == 0 && status.st_mode & S_IFMT == S_IFDIR
      }
      if isFolder || name.hasSuffix(".swift") { names.append((name, isFolder)) }
    }
    closedir(directory)
    names.sort { $0.name < $1.name }
    for (name, isFolder) in names {
      if isFolder {
        list("\(folder)/\(name)", in: root, into: &found)
      } else {
        found.append("\(folder)/\(name)")
      }
    }
  }
}
