import Glibc

/// The little that watching needs of paths: absolute, without `.`, `..` and a slash at the end.
enum FilePath {
  static func normalized(_ path: String) -> String {
    var parts: [Substring] = []
    let start = path.hasPrefix("/") ? path : workingFolder() + "/" + path
    for part in start.split(separator: "/") where part != "." {
      if part == ".." { _ = parts.popLast() } else { parts.append(part) }
    }
    return "/" + parts.joined(separator: "/")
  }

  private static func workingFolder() -> String {
    guard let name = getcwd(nil, 0) else { return "" }
    defer { free(name) }
    return String(cString: name)
  }

  static func folder(of path: String) -> String {
    guard let slash = path.lastIndex(of: "/"), slash != path.startIndex else { return "/" }
    return String(path[..<slash])
  }

  static func name(of path: String) -> String {
    String(path[path.index(after: path.lastIndex(of: "/") ?? path.startIndex)...])
  }

  static func joined(_ folder: String, _ name: String) -> String {
    folder == "/" ? "/" + name : folder + "/" + name
  }

  /// `path` is `folder` or lies in it.
  static func isAt(_ path: String, orBelow folder: String) -> Bool {
    guard path.utf8.count > folder.utf8.count else { return path == folder }
    return folder == "/" || (path.hasPrefix(folder) && path.dropFirst(folder.count).first == "/")
  }

  enum Kind { case folder, other, missing }

  /// - Parameter follows: what a symbolic link leads to counts, not the link.
  static func kind(_ path: String, follows: Bool) -> Kind {
    var status = stat()
    guard (follows ? stat(path, &status) : lstat(path, &status)) == 0 else { return .missing }
    return status.st_mode & S_IFMT == S_IFDIR ? .folder : .other
  }

  /// Names in a folder, without `.` and `..`; none when it can't be read.
  static func names(in folder: String) -> [String] {
    guard let handle = opendir(folder) else { return [] }
    defer { closedir(handle) }
    var names: [String] = []
    while let entry = readdir(handle) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name != ".", name != ".." { names.append(name) }
    }
    return names.sorted()
  }
}
