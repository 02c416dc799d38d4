import Glibc

/// Text operations on POSIX paths. Nothing here asks the file system, except `real` and
/// `currentFolder`.
package enum Path {
  package static func isAbsolute(_ path: String) -> Bool { path.utf8.first == UInt8(ascii: "/") }

  /// Joins two paths; an absolute second one stands for itself.
  ///
  ///     Path.join("/app", "config/../plugins")  // "/app/plugins"
  package static func join(_ folder: String, _ path: String) -> String {
    isAbsolute(path) ? normalized(path) : normalized(folder + "/" + path)
  }

  /// Resolves `.`, `..` and repeated slashes by text alone.
  package static func normalized(_ path: String) -> String {
    let absolute = isAbsolute(path)
    var parts: [Substring] = []
    for part in path.split(separator: "/") where part != "." {
      if part != ".." {
        parts.append(part)
      } else if let last = parts.last, last != ".." {
        parts.removeLast()
      } else if !absolute {
        parts.append(part)
      }
    }
    let joined = parts.joined(separator: "/")
    return absolute ? "/" + joined : (joined.isEmpty ? "." : joined)
  }

  /// The folder that contains `path`.
  package static func folder(of path: String) -> String {
    guard let slash = path.utf8.lastIndex(of: UInt8(ascii: "/")) else { return "." }
    return slash == path.startIndex ? "/" : String(path[..<slash])
  }

  /// The part after the last slash.
  package static func lastComponent(of path: String) -> String {
    path.split(separator: "/").last.map(String.init) ?? path
  }

  /// The path with every link resolved, or nil when it does not exist.
  package static func real(_ path: String) -> String? {
    guard let resolved = unsafe realpath(path, nil) else { return nil }
    defer { unsafe free(resolved) }
    return unsafe String(cString: resolved)
  }

  /// The working folder of the process; `/` when it was removed.
  package static var currentFolder: String { real(".") ?? "/" }
}
