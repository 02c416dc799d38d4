import Egg

/// What the files of `app/remote` describe, by the names that this framework gives them.
final class Remotes {
  private(set) var names: [String] = []

  /// `user_info.json` is `UserInfo`: the framework's own rule instead of Egg's `userInfo`.
  func add(_ relativePath: String) {
    let stem = relativePath.split(separator: ".").first ?? ""
    names.append(
      stem.split { $0 == "_" || $0 == "-" || $0 == "/" }
        .map { $0.prefix(1).uppercased() + $0.dropFirst() }.joined())
  }
}

private enum RemotesKey: StorageKey { typealias Value = Remotes }

extension Application {
  /// One object for this unit in each process.
  var remotes: Remotes {
    if let known = self[RemotesKey.self] { return known }
    let remotes = Remotes()
    self[RemotesKey.self] = remotes
    return remotes
  }
}
