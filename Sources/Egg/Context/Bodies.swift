import Glibc

/// A file, or a piece of one, as a response body; the kernel sends it.
///
///     ctx.body = FileBody("/srv/report.pdf")
///
/// The path is yours to check: it is opened as it is. A file that is not there is answered with
/// 404, one that may not be read with 403.
nonisolated public struct FileBody: Encodable, Sendable {
  public var path: String
  /// Bytes.
  public var offset: Int
  /// Bytes; nil is "to the end".
  public var length: Int?

  public init(_ path: String, offset: Int = 0, length: Int? = nil) {
    self.path = path
    self.offset = offset
    self.length = length
  }

  func open() throws -> (descriptor: Int32, size: Int) {
    let descriptor = Glibc.open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { throw Self.refusal(errno, path) }
    var facts = stat()
    guard fstat(descriptor, &facts) == 0, facts.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw EggError(status: 404, code: "ENOENT", "\"\(path)\" is not a file", expose: false)
    }
    return (descriptor, Int(facts.st_size))
  }

  private static func refusal(_ number: Int32, _ path: String) -> EggError {
    let status =
      switch number {
      case ENOENT, ENOTDIR, ENAMETOOLONG: 404
      case EACCES, EPERM: 403
      default: 500
      }
    let reason = String(cString: strerror(number))
    return EggError(status: status, code: "ENOENT", "\"\(path)\": \(reason)", expose: false)
  }

  /// A file is a body and not data; encoding it is an error.
  public func encode(to encoder: any Encoder) throws { throw NotData(kind: "a file") }
}

/// A body that is produced piece by piece. The next piece is asked for when the client has taken
/// enough of the ones before.
///
///     ctx.body = StreamBody(rows.map { Array(($0.json + "\n").utf8) })
nonisolated public struct StreamBody: Encodable, Sendable {
  /// Bytes; nil: chunked.
  public let length: Int?
  let write: @MainActor @Sendable (StreamWriter) async throws -> Void

  /// - Parameter write: writes everything and returns; when it throws, the client sees an
  ///   incomplete body.
  public init(
    length: Int? = nil, _ write: @escaping @MainActor @Sendable (StreamWriter) async throws -> Void
  ) {
    self.length = length
    self.write = write
  }

  /// The pieces of a sequence.
  public init<Pieces: AsyncSequence & Sendable>(length: Int? = nil, _ pieces: Pieces)
  where Pieces.Element == [UInt8] {
    self.init(length: length) { writer in
      for try await piece in pieces { try await writer.write(piece) }
    }
  }

  /// A stream is a body and not data; encoding it is an error.
  public func encode(to encoder: any Encoder) throws { throw NotData(kind: "a stream") }
}

nonisolated struct NotData: Error, CustomStringConvertible {
  let kind: String
  var description: String { "\(kind) can be a body but not a part of one" }
}
