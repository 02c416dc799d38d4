import Glibc

/// Every file below the roots, each name once: the root that comes first has it.
nonisolated enum TemplateList {
  /// - Returns: absolute path and name below its root, sorted by name.
  static func files(in roots: [String]) -> [(path: String, name: String)] {
    var files: [String: String] = [:]
    for root in roots {
      walk(root, "") { name in
        if files[name] == nil { files[name] = root + "/" + name }
      }
    }
    return files.sorted { $0.key < $1.key }.map { ($0.value, $0.key) }
  }

  /// Hidden files and links to folders are left out.
  private static func walk(_ root: String, _ folder: String, _ found: (String) -> Void) {
    guard let directory = opendir(folder.isEmpty ? root : root + "/" + folder) else { return }
    defer { closedir(directory) }
    while let entry = readdir(directory) {
      let name = withUnsafePointer(to: &entry.pointee.d_name) {
        $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
      }
      if name.hasPrefix(".") { continue }
      let relative = folder.isEmpty ? name : folder + "/" + name
      var info = stat()
      guard lstat(root + "/" + relative, &info) == 0 else { continue }
      if info.st_mode & S_IFMT == S_IFDIR {
        walk(root, relative, found)
      } else if stat(root + "/" + relative, &info) == 0, info.st_mode & S_IFMT == S_IFREG {
        found(relative)
      }
    }
  }
}
