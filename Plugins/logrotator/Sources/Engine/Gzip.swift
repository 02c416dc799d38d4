import CZlib
import Glibc

/// Compressing a file in place.
public enum Gzip {
  /// `file` becomes `file.gz`; it goes only when all of it is in there.
  ///
  /// - Returns: what went wrong, nil when nothing did. The file is then as before.
  public static func replace(_ file: String) -> String? {
    guard !file.hasSuffix(".gz") else { return nil }
    let temporary = file + ".gz.tmp"
    defer { unlink(temporary) }
    let source = open(file, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
    guard source >= 0 else { return problem("read", file) }
    defer { close(source) }
    unlink(temporary)
    let target = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o644)
    guard target >= 0 else { return problem("write", temporary) }
    guard let stream = gzdopen(target, "wb") else {
      close(target)
      return problem("write", temporary)
    }
    var isOpen = true
    defer { if isOpen { gzclose(stream) } }
    var buffer = [UInt8](repeating: 0, count: 256 * 1024)
    var isQuiet = false
    // A process that was slow to open its new file may still have added lines: read until two looks
    // a moment apart find none.
    while true {
      let count = buffer.withUnsafeMutableBytes { read(source, $0.baseAddress, $0.count) }
      if count < 0 {
        if errno == EINTR { continue }
        return problem("read", file)
      }
      if count == 0 {
        if isQuiet { break }
        isQuiet = true
        usleep(100_000)
        continue
      }
      isQuiet = false
      guard gzwrite(stream, buffer, UInt32(count)) == count else {
        return problem("write", temporary)
      }
    }
    isOpen = false
    guard gzclose(stream) == Z_OK else { return problem("write", temporary) }
    guard rename(temporary, file + ".gz") == 0 else { return problem("rename", temporary) }
    return unlink(file) == 0 ? nil : problem("remove", file)
  }

  private static func problem(_ what: String, _ path: String) -> String {
    "cannot \(what) \(path): \(String(cString: strerror(errno)))"
  }
}
