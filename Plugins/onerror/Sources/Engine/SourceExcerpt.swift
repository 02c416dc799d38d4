import Glibc

/// Some lines of a source file around one of them.
package struct SourceExcerpt {
  /// Number and text, in order.
  package let lines: [(number: Int, text: String)]

  /// Nil when the file can't be read, is larger than a megabyte or has no such line.
  package init?(_ file: String, line: Int, around: Int = 5) {
    guard line > 0, let stream = fopen(file, "re") else { return nil }
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, stream)
    let all = bytes[..<count].split(separator: 0x0A, omittingEmptySubsequences: false)
    guard count > 0, line <= all.count, count < bytes.count else { return nil }
    let range = max(1, line - around)...min(all.count, line + around)
    lines = range.map { ($0, String(decoding: all[$0 - 1], as: UTF8.self)) }
  }
}
