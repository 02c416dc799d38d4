import Glibc

/// One Swift file of a unit: its bytes and what it declares.
final class SourceFile {
  /// Below the unit's folder: `app/controller/user.swift`.
  let relativePath: String
  /// What messages and `#sourceLocation` show.
  let absolutePath: String
  let bytes: [UInt8]
  let declarations: [Declaration]
  /// Unbalanced braces and the like: the compiler will report it, nothing is generated for it.
  let isBroken: Bool

  /// - Parameter scan: false for a file that is not Swift.
  init(relativePath: String, absolutePath: String, bytes: [UInt8], scan: Bool = true) {
    self.relativePath = relativePath
    self.absolutePath = absolutePath
    self.bytes = bytes
    // The lexer wants a zero at the end.
    (declarations, isBroken) = (bytes + [0]).withUnsafeBufferPointer { buffer in
      guard scan, let base = buffer.baseAddress else { return ([], false) }
      var scanner = DeclarationScanner(base, count: buffer.count - 1)
      let declarations = scanner.scan()
      return (declarations, scanner.isBroken)
    }
  }

  /// The file name without folder and `.swift`.
  var stem: String {
    let name = relativePath.split(separator: "/").last ?? ""
    return String(name.hasSuffix(".swift") ? name.dropLast(6) : name)
  }

  /// 1-based line and column (in bytes, as the compiler counts) of a byte offset.
  func position(of offset: Int) -> SourcePosition {
    let end = min(offset, bytes.count)
    var line = 1
    var lineStart = 0
    bytes.withUnsafeBytes { buffer in
      while let base = buffer.baseAddress, lineStart < end,
        let newline = memchr(base + lineStart, 0x0A, end - lineStart)
      {
        line += 1
        lineStart = UnsafeRawPointer(newline) - base + 1
      }
    }
    return SourcePosition(file: absolutePath, line: line, column: end - lineStart + 1)
  }
}

struct SourcePosition: Equatable {
  var file: String
  var line: Int
  var column: Int
}

/// Reads a whole file; nil when it cannot be read.
func readFile(_ path: String) -> [UInt8]? {
  let descriptor = open(path, O_RDONLY | O_CLOEXEC)
  guard descriptor >= 0 else { return nil }
  defer { close(descriptor) }
  var status = stat()
  guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
  var isComplete = true
  let size = Int(status.st_size)
  let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
    while count < size {
      let got = read(descriptor, buffer.baseAddress! + count, size - count)
      if got < 0 { isComplete = false }
      if got <= 0 { break }
      count += got
    }
  }
  return isComplete ? bytes : nil
}

/// Writes a file unless it holds these bytes already, so that its date tells of real changes only.
///
/// - Returns: false when it cannot be written; `errno` says why.
func writeFile(_ path: String, _ bytes: [UInt8]) -> Bool {
  if readFile(path) == bytes, !isLink(path) { return true }
  // Never through a link that an earlier build left: it leads to the user's own file.
  if isLink(path) { unlink(path) }
  let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0o644)
  guard descriptor >= 0 else { return false }
  var written = 0
  while written < bytes.count {
    let count = bytes.withUnsafeBytes {
      write(descriptor, $0.baseAddress! + written, bytes.count - written)
    }
    if count < 0, errno == EINTR { continue }
    if count <= 0 { break }
    written += count
  }
  close(descriptor)
  return written == bytes.count
}

/// Makes a symbolic link, in place of what is there.
///
/// - Returns: false when it cannot be made; `errno` says why.
func linkFile(_ path: String, to target: String) -> Bool {
  var present = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
  let count = readlink(path, &present, present.count - 1)
  if count >= 0, present.prefix(count).map({ UInt8(bitPattern: $0) }) == Array(target.utf8) {
    return true
  }
  unlink(path)
  return symlink(target, path) == 0
}

private func isLink(_ path: String) -> Bool {
  var status = stat()
  return lstat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFLNK
}
