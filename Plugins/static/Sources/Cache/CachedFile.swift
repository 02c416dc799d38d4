/// A file under the path by which clients ask for it, with its compressed siblings.
nonisolated final class CachedFile {
  /// Prefix and name, decoded: what the table finds it by.
  let key: [UInt8]
  /// Below the folder.
  let name: [UInt8]
  /// The key holds a `%`, so a request with the same bytes means another file.
  let isLiteral: Bool
  let folder: Folder
  let identity: Representation
  let gzip: Representation?
  let brotli: Representation?
  /// Nanoseconds of the loop's clock up to which it is not compared with the disk.
  var goodUntil: UInt64
  /// Asked for since the table last looked for something to forget.
  var isUsed = true

  init(
    key: [UInt8], name: [UInt8], folder: Folder, identity: Representation,
    gzip: Representation?, brotli: Representation?, goodUntil: UInt64
  ) {
    self.key = key
    self.name = name
    self.folder = folder
    self.identity = identity
    self.gzip = gzip
    self.brotli = brotli
    self.goodUntil = goodUntil
    isLiteral = key.contains(UInt8(ascii: "%"))
  }

  /// Whether an answer depends on `Accept-Encoding`.
  var hasCodings: Bool { gzip != nil || brotli != nil }

  /// What to send to a client that accepts `codings`; the smallest usual one first.
  func representation(for codings: AcceptedCodings) -> Representation {
    if let brotli, codings.contains(.brotli) { return brotli }
    if let gzip, codings.contains(.gzip) { return gzip }
    return identity
  }
}
