import Glibc

/// A regular file, open for reading. Nothing is assumed about what is in it.
///
/// A FIFO or device under the name of a configuration file neither blocks nor is read: the file
/// is opened without waiting and must be a regular one.
package struct FileReader: ~Copyable {
  private let descriptor: CInt
  package let path: String
  /// Bytes, when the file was opened.
  package let size: Int
  /// Owner and permission bits, taken from the open file and not from its name.
  package let owner: uid_t
  package let mode: mode_t

  /// - Throws: `.file` when it exists but cannot be opened; `.permission` when it is not a
  ///   regular file.
  /// - Returns: nil when there is no such file.
  package static func open(_ path: String, unit: String) throws(BootError) -> FileReader? {
    let descriptor = unsafe Glibc.open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
    if descriptor < 0 {
      let code = errno
      // A path through something that is no folder does not exist either.
      if code == ENOENT || code == ENOTDIR { return nil }
      throw BootError(
        .file, unit: unit, "cannot be opened: \(systemMessage(code))", file: path)
    }
    var status = stat()
    guard unsafe fstat(descriptor, &status) == 0 else {
      let code = errno
      close(descriptor)
      throw BootError(.file, unit: unit, "cannot be examined: \(systemMessage(code))", file: path)
    }
    guard status.st_mode & S_IFMT == S_IFREG else {
      close(descriptor)
      throw BootError(
        .permission, unit: unit,
        "expected a regular file, found \(kindName(status.st_mode))", file: path)
    }
    return FileReader(descriptor: descriptor, path: path, status: status)
  }

  private init(descriptor: CInt, path: String, status: stat) {
    self.descriptor = descriptor
    self.path = path
    self.size = max(0, Int(status.st_size))
    self.owner = status.st_uid
    self.mode = status.st_mode
  }

  deinit { close(descriptor) }

  /// Up to `count` bytes from `offset`; fewer at the end of the file.
  package func read(at offset: Int, count: Int, unit: String) throws(BootError) -> [UInt8] {
    guard count > 0, offset >= 0 else { return [] }
    var failure: CInt = 0
    let bytes = unsafe [UInt8](unsafeUninitializedCapacity: count) { buffer, filled in
      while filled < count {
        let got = unsafe pread(
          descriptor, buffer.baseAddress! + filled, count - filled, off_t(offset &+ filled))
        if got < 0, errno == EINTR { continue }
        if got < 0 { failure = errno }
        if got <= 0 { break }
        filled += got
      }
    }
    if failure != 0 {
      throw BootError(
        .file, unit: unit, "cannot be read: \(Self.systemMessage(failure))", file: path)
    }
    return bytes
  }

  /// The whole of a small text file, or nil when there is none.
  ///
  /// - Parameter limit: bytes; a larger file is an error that names both sizes.
  package static func contents(
    of path: String, limit: Int = 4 << 20, unit: String
  ) throws(BootError) -> [UInt8]? {
    guard let file = try open(path, unit: unit) else { return nil }
    guard file.size <= limit else {
      throw BootError(
        .file, unit: unit, "expected at most \(limit) bytes, found \(file.size)", file: path)
    }
    // One byte more than expected, so that a file that grows meanwhile is not cut silently.
    let bytes = try file.read(at: 0, count: limit == file.size ? limit : file.size + 1, unit: unit)
    return bytes
  }

  /// What a name in the file system is, links followed.
  package enum Kind: Sendable { case none, file, folder, other }

  package static func kind(of path: String) -> Kind {
    var status = stat()
    guard unsafe stat(path, &status) == 0 else { return .none }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return .file
    case S_IFDIR: return .folder
    default: return .other
    }
  }

  static func kindName(_ mode: mode_t) -> String {
    switch mode & S_IFMT {
    case S_IFDIR: "a folder"
    case S_IFIFO: "a pipe"
    case S_IFSOCK: "a socket"
    case S_IFBLK, S_IFCHR: "a device"
    default: "something else"
    }
  }

  static func systemMessage(_ code: CInt) -> String {
    var buffer = [CChar](repeating: 0, count: 128)
    guard unsafe strerror_r(code, &buffer, buffer.count) == 0 else { return "error \(code)" }
    return String(decoding: buffer.prefix { $0 != 0 }.map(UInt8.init(bitPattern:)), as: UTF8.self)
  }
}
