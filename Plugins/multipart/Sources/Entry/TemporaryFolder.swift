import Egg
import Glibc

/// Where uploads are until their request ends: `ROOT/YYYY/MM/DD/HH`, so that what a crash leaves
/// behind is found by its age.
enum TemporaryFolder {
  static func root(_ app: ApplicationBase) -> String {
    if let configured = app.config.multipart.tmpdir.string { return configured }
    let system = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    return "\(system)/egg-multipart-tmp/\(app.name)"
  }

  /// A path that nobody can guess, with the extension of `filename`.
  static func newFile(for filename: String, _ app: ApplicationBase) throws -> String {
    var now = time(nil)
    var parts = tm()
    localtime_r(&now, &parts)
    let date = [
      Int(parts.tm_year) + 1900, Int(parts.tm_mon) + 1, Int(parts.tm_mday), Int(parts.tm_hour),
    ]
    .map { $0 < 10 ? "0\($0)" : "\($0)" }.joined(separator: "/")
    let folder = "\(root(app))/\(date)"
    guard make(folder) else { throw refusal(folder) }
    var random = SystemRandomNumberGenerator()
    let name = (0..<2).map { _ in String(random.next(), radix: 36) }.joined()
    return "\(folder)/\(name)\(suffix(of: filename))"
  }

  /// The extension, if it is one that can't do harm in a path.
  private static func suffix(of filename: String) -> String {
    guard let dot = filename.lastIndex(of: ".") else { return "" }
    let text = filename[dot...].lowercased()
    let isPlain = text.utf8.dropFirst().allSatisfy {
      (UInt8(ascii: "a")...UInt8(ascii: "z")).contains($0)
        || (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0)
    }
    return isPlain && text.utf8.count <= 16 ? text : ""
  }

  /// `mkdir -p`; others may not look into it.
  private static func make(_ path: String) -> Bool {
    var made = ""
    for segment in path.split(separator: "/") {
      made += "/\(segment)"
      if mkdir(made, 0o700) != 0, errno != EEXIST { return access(path, W_OK) == 0 }
    }
    return true
  }

  static func refusal(_ path: String) -> EggError {
    let reason = String(cString: strerror(errno))
    return EggError(
      code: "EGG_MULTIPART", "\"\(path)\" can't be written: \(reason); see config.multipart.tmpdir")
  }

  /// Removes what is older than `age`, folders that become empty as well.
  ///
  /// - Parameter age: seconds since the last change.
  nonisolated static func clean(_ folder: String, olderThan age: Int, depth: Int = 5) {
    guard depth > 0, let listing = opendir(folder) else { return }
    defer { closedir(listing) }
    let limit = time(nil) - age
    while let entry = readdir(listing) {
      let name = withUnsafeBytes(of: &entry.pointee.d_name) {
        String(decoding: $0.prefix { $0 != 0 }, as: UTF8.self)
      }
      guard name != ".", name != ".." else { continue }
      let path = "\(folder)/\(name)"
      var facts = stat()
      guard lstat(path, &facts) == 0 else { continue }
      if facts.st_mode & S_IFMT == S_IFDIR {
        clean(path, olderThan: age, depth: depth - 1)
        if facts.st_mtim.tv_sec < limit { rmdir(path) }
      } else if facts.st_mtim.tv_sec < limit {
        unlink(path)
      }
    }
  }
}
