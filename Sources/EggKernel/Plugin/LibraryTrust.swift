import Glibc

/// Decides whether a library may be opened, before any of its code can run.
package enum LibraryTrust {
  /// Checks that a library is a regular file that nobody else can change, and, where it is
  /// pinned, that it is the very file.
  ///
  /// - Parameters:
  ///   - sha256: 64 hexadecimal digits of either case; nil when it is not pinned.
  ///   - file, line: who pinned it.
  /// - Throws: `.permission` for a file that everybody may write or that belongs to another user
  ///   than root or ours; `.pin` for other contents; `.pluginNotFound` when there is no file.
  package static func check(
    _ path: String, unit: String, sha256: String? = nil, file: String? = nil, line: Int? = nil
  ) throws(BootError) {
    guard let library = try FileReader.open(path, unit: unit) else {
      throw BootError(
        .pluginNotFound, unit: unit, "expected the library \"\(path)\", found no such file",
        file: file, line: line)
    }
    guard library.mode & S_IWOTH == 0 else {
      throw BootError(
        .permission, unit: unit,
        "expected a library that only its owner may change, found one that everybody may write; "
          + "run chmod o-w", file: path)
    }
    let us = geteuid()
    guard library.owner == 0 || library.owner == us else {
      throw BootError(
        .permission, unit: unit,
        "expected a library of root or of user \(us), found one of user \(library.owner); run "
          + "chown, or start as that user", file: path)
    }
    guard let sha256 else { return }
    var hash = SHA256()
    var at = 0
    while at < library.size {
      let part = try library.read(at: at, count: min(1 << 20, library.size - at), unit: unit)
      if part.isEmpty { break }
      hash.update(part)
      at += part.count
    }
    let digest = hash.finish()
    guard digest == sha256.lowercased() else {
      throw BootError(
        .pin, unit: unit,
        "expected \"\(path)\" to have sha256 \(sha256.lowercased()), found \(digest); if the new "
          + "file is wanted, change the pin",
        file: file, line: line)
    }
  }
}
