/// Something that happened to a file.
public struct FileChange: Equatable, Sendable {
  public enum Kind: Equatable, Sendable {
    /// Written, or its rights or times set.
    case change
    /// Made, or moved to this name: what an editor does that saves beside the file and renames.
    case create
    /// Deleted, or moved away.
    case remove
    /// Something at or below `path`, nobody knows what: events were lost, or a watched folder is gone.
    case unknown
  }

  public let path: String
  public let kind: Kind
  public let isDirectory: Bool

  public init(path: String, kind: Kind, isDirectory: Bool = false) {
    self.path = path
    self.kind = kind
    self.isDirectory = isDirectory
  }
}

/// Why something can't be watched. The text names the path and the way out.
public struct WatchFailure: Error, Equatable, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
