import Glibc

/// What a rotation has done.
public struct Renaming: Sendable {
  /// The new names.
  public var renamed: [String] = []
  public var problems: [String] = []
}

/// Giving log files other names. Nothing is written or copied: whoever has a file open goes on
/// writing to it until the name is opened anew, so no line is lost.
public enum Rotation {
  /// `file` becomes `file` + `suffix`. A name that is taken is left alone: it was rotated already.
  public static func rename(_ files: [String], to suffix: String) -> Renaming {
    var outcome = Renaming()
    for file in files where size(file) != nil {
      let target = file + suffix
      guard size(target) == nil, size(target + ".gz") == nil else {
        outcome.problems.append("\(target) is there already; \(file) keeps its name")
        continue
      }
      move(file, target, &outcome)
    }
    return outcome
  }

  /// A file of more than `limit` bytes becomes `file.1`, `file.1` becomes `file.2`, up to `count`;
  /// the last one goes. Compressed ones keep their `.gz`.
  public static func shift(_ files: [String], above limit: Int, keeping count: Int) -> Renaming {
    var outcome = Renaming()
    for file in files {
      guard let size = size(file), size > limit else { continue }
      var moved = Renaming()
      for number in stride(from: count, through: 1, by: -1) {
        for end in ["", ".gz"] where Self.size("\(file).\(number)\(end)") != nil {
          if number == count {
            if unlink("\(file).\(number)\(end)") != 0 {
              problem("remove", "\(file).\(number)\(end)", &moved)
            }
          } else {
            move("\(file).\(number)\(end)", "\(file).\(number + 1)\(end)", &moved)
          }
        }
      }
      outcome.problems += moved.problems
      // Without its place free, the newest file would overwrite the one before.
      if Self.size(file + ".1") == nil { move(file, file + ".1", &outcome) }
    }
    return outcome
  }

  /// Removes `file.YYYY-MM-DD…` of days that are too long ago, in the folders of the files.
  ///
  /// - Returns: what was removed, and what could not be.
  public static func clean(_ files: [String], olderThan days: Int, now: Int = time(nil))
    -> (removed: [String], problems: [String])
  {
    let oldest = PastTime.day(days, before: now)
    var removed: [String] = []
    var problems: [String] = []
    for file in files {
      let slash = file.lastIndex(of: "/") ?? file.startIndex
      let folder = String(file[..<slash])
      let prefix = file[file.index(after: slash)...] + "."
      for name in names(folder) where name.hasPrefix(prefix) {
        let rest = Array(name.dropFirst(prefix.count).utf8)
        guard rest.count >= 10, isDate(rest[..<10]),
          rest.count == 10 || !(0x30...0x39).contains(rest[10]),
          String(decoding: rest[..<10], as: UTF8.self) < oldest
        else { continue }
        let path = "\(folder)/\(name)"
        if unlink(path) == 0 {
          removed.append(path)
        } else {
          problems.append("cannot remove \(path): \(String(cString: strerror(errno)))")
        }
      }
    }
    return (removed, problems)
  }

  private static func isDate(_ bytes: ArraySlice<UInt8>) -> Bool {
    zip(bytes, "dddd-dd-dd".utf8).allSatisfy { byte, form in
      form == UInt8(ascii: "d") ? (0x30...0x39).contains(byte) : byte == form
    }
  }

  private static func names(_ folder: String) -> [String] {
    guard let stream = opendir(folder) else { return [] }
    defer { closedir(stream) }
    var names: [String] = []
    while let entry = readdir(stream) {
      names.append(
        withUnsafePointer(to: &entry.pointee.d_name) {
          $0.withMemoryRebound(to: CChar.self, capacity: 256) { String(cString: $0) }
        })
    }
    return names
  }

  /// Bytes of a regular file; nil when there is none.
  static func size(_ path: String) -> Int? {
    var facts = stat()
    guard lstat(path, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else { return nil }
    return Int(facts.st_size)
  }

  private static func move(_ source: String, _ target: String, _ outcome: inout Renaming) {
    if Glibc.rename(source, target) == 0 {
      outcome.renamed.append(target)
    } else {
      problem("rename", source, &outcome)
    }
  }

  private static func problem(_ what: String, _ path: String, _ outcome: inout Renaming) {
    outcome.problems.append("cannot \(what) \(path): \(String(cString: strerror(errno)))")
  }
}
