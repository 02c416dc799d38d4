import EggHTTPSemantics

/// The line `Date: Sun, 06 Nov 1994 08:49:37 GMT\r\n`, made again only when the second changes.
///
/// One for each loop; not thread-safe.
package final class DateHeader {
  /// Length of the line, CRLF included.
  package static let length = 37
  private let line: UnsafeMutablePointer<UInt8>
  private var second = Int.min

  package init() {
    line = .allocate(capacity: Self.length)
    line.initialize(repeating: 0, count: Self.length)
    let frame: StaticString = "Date: "
    line.update(from: frame.utf8Start, count: 6)
    line[35] = 0x0D
    line[36] = 0x0A
  }

  deinit { line.deallocate() }

  /// The whole line for the time `unixSeconds`; valid until the next call and while this object lives.
  package func line(at unixSeconds: Int) -> UnsafeBufferPointer<UInt8> {
    if second != unixSeconds {
      second = unixSeconds
      HTTPDate(unixSeconds: unixSeconds).write(to: line + 6)
    }
    return UnsafeBufferPointer(start: UnsafePointer(line), count: Self.length)
  }
}
