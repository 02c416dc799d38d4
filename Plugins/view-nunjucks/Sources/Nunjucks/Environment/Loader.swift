import Glibc

/// Tells one state of a template's source from another.
public struct TemplateVersion: Sendable, Equatable {
  public let first: Int64
  public let second: Int64

  /// - Parameters: anything that changes with the source: a time and a size, a hash, a counter.
  public init(_ first: Int64, _ second: Int64 = 0) {
    self.first = first
    self.second = second
  }
}

/// Where templates come from.
public protocol TemplateLoader: Sendable {
  /// The source of `name`, or nil if this loader does not have it.
  /// - Throws: what keeps an existing template from being read.
  func load(_ name: String) throws -> TemplateSource?

  /// The current state of `name` without reading it; nil if it is gone.
  func version(_ name: String) -> TemplateVersion?
}

/// What a loader found.
public struct TemplateSource: Sendable {
  public let text: [UInt8]
  /// What relative names in the template are resolved against: its name with folders.
  public let path: String
  public let version: TemplateVersion

  public init(text: [UInt8], path: String, version: TemplateVersion) {
    self.text = text
    self.path = path
    self.version = version
  }
}

/// Templates from folders, tried in order. Nothing outside of them is ever read.
public struct FileLoader: TemplateLoader {
  public let roots: [String]

  /// - Parameter roots: absolute folders, or relative to the working directory.
  public init(roots: [String]) {
    self.roots = roots.map { $0.count > 1 && $0.hasSuffix("/") ? String($0.dropLast()) : $0 }
  }

  public func load(_ name: String) throws -> TemplateSource? {
    guard let relative = FileLoader.normalized(name) else {
      throw TemplateError(
        "template not found: \(name) (outside the template folders)", kind: .notFound)
    }
    for root in roots {
      let path = root + "/" + relative
      guard let version = FileLoader.version(of: path) else { continue }
      guard FileLoader.isInside(path, root) else {
        throw TemplateError(
          "template not found: \(name) (a link out of the template folders)", kind: .notFound)
      }
      return TemplateSource(text: try FileLoader.read(path), path: relative, version: version)
    }
    return nil
  }

  public func version(_ name: String) -> TemplateVersion? {
    guard let relative = FileLoader.normalized(name) else { return nil }
    for root in roots {
      if let version = FileLoader.version(of: root + "/" + relative) { return version }
    }
    return nil
  }

  /// The name without `.` and `..`; nil if it leads out or holds a zero byte.
  static func normalized(_ name: String) -> String? {
    if name.utf8.contains(0) || name.isEmpty { return nil }
    var parts: [Substring] = []
    for part in name.split(separator: "/") {
      if part == "." { continue }
      if part == ".." {
        if parts.isEmpty { return nil }
        parts.removeLast()
      } else {
        parts.append(part)
      }
    }
    return parts.isEmpty ? nil : parts.joined(separator: "/")
  }

  private static func isInside(_ path: String, _ root: String) -> Bool {
    guard let real = realpath(path, nil) else { return false }
    defer { free(real) }
    guard let base = realpath(root, nil) else { return false }
    defer { free(base) }
    let prefix = String(cString: base)
    return String(cString: real).hasPrefix(prefix == "/" ? prefix : prefix + "/")
  }

  private static func version(of path: String) -> TemplateVersion? {
    var info = stat()
    guard stat(path, &info) == 0, info.st_mode & S_IFMT == S_IFREG else { return nil }
    return TemplateVersion(
      Int64(info.st_mtim.tv_sec) &* 1_000_000_000 &+ Int64(info.st_mtim.tv_nsec),
      Int64(info.st_size) ^ Int64(truncatingIfNeeded: info.st_ino) << 24)
  }

  private static func read(_ path: String) throws -> [UInt8] {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else {
      throw TemplateError("cannot read \(path): \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 64 << 10)
    while true {
      let count = Glibc.read(descriptor, &chunk, chunk.count)
      if count == 0 { return bytes }
      if count < 0 {
        if errno == EINTR { continue }
        throw TemplateError("cannot read \(path): \(String(cString: strerror(errno)))")
      }
      bytes += chunk[..<count]
      if bytes.count > 64 << 20 { throw TemplateError("\(path) is larger than 64 MB") }
    }
  }
}
