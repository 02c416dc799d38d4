import Egg
import EggMultipart
import Glibc

/// The files of one request on the disk.
final class SavedFiles {
  private(set) var files: [UploadedFile] = []
  private let app: Application

  init(_ app: Application) { self.app = app }

  /// The request's, nil before anything is saved.
  static func of(_ ctx: Context) -> SavedFiles? { ctx[Key.self] }

  private enum Key: StorageKey { typealias Value = SavedFiles }

  /// Reads the whole form: files to the disk, fields to the request's body.
  ///
  /// - Throws: what the reader refuses, 500 when the disk does; nothing is left behind then.
  static func save(_ ctx: Context) async throws -> SavedFiles {
    let saved = SavedFiles(ctx.app)
    let reader = try ctx.multipart(autoFields: true)
    ctx[Key.self] = saved
    do {
      while let part = try await reader.part() {
        // A form that was sent without choosing a file has one without a name.
        guard case .file(let file) = part, !file.filename.isEmpty else { continue }
        try await saved.write(file)
      }
    } catch {
      saved.remove()
      throw error
    }
    ctx.request.body = .map(reader.fields)
    return saved
  }

  private func write(_ file: FileStream) async throws {
    let path = try TemporaryFolder.newFile(for: file.filename, app)
    let descriptor = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
    guard descriptor >= 0 else { throw TemporaryFolder.refusal(path) }
    defer { close(descriptor) }
    files.append(
      UploadedFile(
        field: file.field, filename: file.filename, encoding: file.encoding, mime: file.mime,
        filepath: path))
    while let bytes = try await file.read() {
      // The disk may be slow; the loop is not to wait for it.
      let refusal = try await app.runBlocking { Self.writeAll(descriptor, bytes) }
      guard refusal == 0 else {
        errno = refusal
        throw TemporaryFolder.refusal(path)
      }
    }
  }

  /// - Returns: 0, or what `errno` said.
  private nonisolated static func writeAll(_ descriptor: Int32, _ bytes: [UInt8]) -> Int32 {
    bytes.withUnsafeBytes { bytes in
      var done = 0
      while done < bytes.count {
        let count = Glibc.write(descriptor, bytes.baseAddress! + done, bytes.count - done)
        if count < 0, errno == EINTR { continue }
        guard count > 0 else { return count < 0 ? errno : EIO }
        done += count
      }
      return 0
    }
  }

  func remove() {
    for file in files { unlink(file.filepath) }
    files = []
  }
}
