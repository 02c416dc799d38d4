import Egg

/// `match` and `ignore` of a part of the configuration: path prefixes, compared by whole segments,
/// as those of every middleware.
struct PathMatch {
  private let match: [[UInt8]]?
  private let ignore: [[UInt8]]

  /// - Throws: `EggError` naming the key.
  init(_ part: Value, _ name: String) throws {
    match = part.match.exists ? try Self.paths(part.match, name + ".match") : nil
    ignore = part.ignore.exists ? try Self.paths(part.ignore, name + ".ignore") : []
    if match != nil, !ignore.isEmpty {
      throw EggError(
        code: "EGG_CONFIG", "config.\(name): \"match\" and \"ignore\" exclude each other")
    }
  }

  private static func paths(_ value: Value, _ name: String) throws -> [[UInt8]] {
    let list = value.string.map { [$0] } ?? value.array?.compactMap(\.string)
    guard let list, list.count == value.array?.count ?? 1, list.allSatisfy({ $0.hasPrefix("/") })
    else {
      throw EggError(
        code: "EGG_CONFIG",
        "config.\(name): expected a path or a list of paths that begin with \"/\", found \(value.json)"
      )
    }
    return list.map { Array($0.utf8) }
  }

  nonisolated var isEverywhere: Bool { match == nil && ignore.isEmpty }

  /// - Parameter path: as sent.
  nonisolated func applies(_ path: UnsafeBufferPointer<UInt8>) -> Bool {
    if let match { return match.contains { Self.isPrefix($0, path) } }
    return !ignore.contains { Self.isPrefix($0, path) }
  }

  nonisolated func applies(_ path: String) -> Bool {
    var path = path
    return path.withUTF8 { applies($0) }
  }

  private nonisolated static func isPrefix(_ prefix: [UInt8], _ path: UnsafeBufferPointer<UInt8>)
    -> Bool
  {
    guard path.count >= prefix.count, path.starts(with: prefix) else { return false }
    return path.count == prefix.count || prefix.last == 0x2F || path[prefix.count] == 0x2F
  }
}
