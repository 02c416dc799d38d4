import Egg
import EggTemplateValues
import Glibc
import PluginABI

/// Finds the file of a template.
nonisolated final class TemplateLookup {
  /// Where something was found; kept for the life of the process, so that engines may be lent it.
  final class Found {
    let path: UnsafeBufferPointer<UInt8>
    /// From the last dot of the file's name on, "" without one.
    let fileExtension: String
    /// The engine that renders it unless another is asked for, once that is known.
    var engine: UnsafePointer<egg_view_engine>?

    fileprivate init(path: UnsafeBufferPointer<UInt8>, fileExtension: String) {
      self.path = path
      self.fileExtension = fileExtension
    }

    var string: String { String(decoding: path, as: UTF8.self) }
  }

  let roots: [String]
  private let defaultExtension: String
  private let isKept: Bool
  private var known: [String: Found] = [:]
  /// Every path that was ever found, once: names that come from outside cannot fill the memory.
  private var paths: [String: Found] = [:]

  init(roots: [String], defaultExtension: String, cache: Bool) {
    self.roots = roots
    self.defaultExtension = defaultExtension
    isKept = cache
  }

  /// The file of `name`: under that name in each root, then with the default extension.
  ///
  /// - Throws: `Can't find NAME from ROOTS` when there is none, or when the name leads out of the
  ///   roots.
  func find(_ name: String) throws(EggError) -> Found {
    if isKept, let found = known[name] { return found }
    if let relative = Self.normalized(name) {
      for candidate in [relative, relative + defaultExtension] {
        for root in roots {
          let path = root + "/" + candidate
          guard Self.isFile(path), Self.isInside(path, root) else { continue }
          let found = permanent(path)
          // Other spellings of a name are as many as somebody cares to send.
          if isKept, name == relative { known[name] = found }
          return found
        }
      }
    }
    throw EggError(
      code: "EGG_VIEW_NOT_FOUND", "Can't find \(name) from \(roots.joined(separator: ","))")
  }

  func forget() { known = [:] }

  /// Whether a name that was found stays known: it is a file's own, and not one of its other
  /// spellings.
  func keeps(_ name: String) -> Bool { known[name] != nil }

  /// Without `.` and `..`; nil when it leads out.
  static func normalized(_ name: String) -> String? {
    guard !name.utf8.contains(0) else { return nil }
    var parts: [Substring] = []
    for part in name.split(separator: "/") where part != "." {
      guard part == ".." else {
        parts.append(part)
        continue
      }
      if parts.popLast() == nil { return nil }
    }
    return parts.isEmpty ? nil : parts.joined(separator: "/")
  }

  private static func isFile(_ path: String) -> Bool {
    var info = stat()
    return stat(path, &info) == 0 && info.st_mode & S_IFMT == S_IFREG
  }

  /// Whether the file is below the root when links are followed.
  ///
  /// Differs from Egg: a link that leads out is refused, not only a name.
  private static func isInside(_ path: String, _ root: String) -> Bool {
    guard let file = realpath(path, nil) else { return false }
    defer { free(file) }
    guard let folder = realpath(root, nil) else { return false }
    defer { free(folder) }
    return String(cString: file).hasPrefix(String(cString: folder) + "/")
  }

  private func permanent(_ path: String) -> Found {
    if let found = paths[path] { return found }
    let bytes = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: path.utf8.count)
    _ = bytes.initialize(from: path.utf8)
    let file = path.split(separator: "/").last ?? ""
    let dot = file.lastIndex(of: ".")
    let found = Found(
      path: UnsafeBufferPointer(bytes), fileExtension: dot.map { String(file[$0...]) } ?? "")
    paths[path] = found
    return found
  }
}
