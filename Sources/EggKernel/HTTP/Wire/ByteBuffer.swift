import Glibc

/// Growing raw memory with a read end and a write end: what a socket is read into and written from.
///
///     let buffer = ByteBuffer()
///     buffer.append("HTTP/1.1 200 OK\r\n")
///     write(fd, buffer.readPointer, buffer.count)   // then buffer.consume(written)
///
/// Not thread-safe: one loop owns a buffer. Pointers stay valid until the next call that may grow,
/// move or free the memory (`reserve`, `append…`, `compact`, `giveBack`).
package final class ByteBuffer {
  private var base: UnsafeMutablePointer<UInt8>?
  private var readIndex = 0
  private var writeIndex = 0
  /// Bytes of memory held now.
  package private(set) var capacity = 0

  /// An empty buffer without memory.
  package init() {}

  /// An empty buffer with room for `capacity` bytes.
  package convenience init(capacity: Int) {
    self.init()
    reserve(capacity)
  }

  deinit { free(base) }

  /// Bytes that were written and not yet consumed.
  package var count: Int { writeIndex &- readIndex }
  package var isEmpty: Bool { writeIndex == readIndex }
  /// Bytes that fit behind the written ones without growing.
  package var room: Int { capacity &- writeIndex }

  /// The first unconsumed byte. Only `count` bytes may be read from here.
  package var readPointer: UnsafePointer<UInt8> {
    UnsafePointer((base ?? ByteBuffer.nothing) + readIndex)
  }

  /// The unconsumed bytes.
  package var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(start: readPointer, count: count)
  }

  /// The unconsumed bytes as text; for tests and messages.
  package var string: String { String(decoding: bytes, as: UTF8.self) }

  /// Makes room for `extra` bytes behind the written ones and returns where they go.
  ///
  /// Moves the unconsumed bytes to the front when that alone gives the room, otherwise doubles.
  /// Report what was written with `didWrite`.
  @discardableResult
  @inline(__always)
  package func reserve(_ extra: Int) -> UnsafeMutablePointer<UInt8> {
    if capacity &- writeIndex < extra || base == nil { makeRoom(extra) }
    return base.unsafelyUnwrapped + writeIndex
  }

  /// Counts `count` bytes, stored at the pointer from `reserve`, as written.
  @inline(__always)
  package func didWrite(_ count: Int) {
    precondition(count >= 0 && count <= room, "didWrite beyond the reserved bytes")
    writeIndex &+= count
  }

  /// Drops `count` bytes from the read end.
  @inline(__always)
  package func consume(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "consume beyond the written bytes")
    readIndex &+= count
    if readIndex == writeIndex {
      readIndex = 0
      writeIndex = 0
    }
  }

  /// Drops `count` bytes from the write end: takes back what was appended last.
  package func truncate(_ count: Int) {
    precondition(count >= 0 && count <= self.count, "truncate beyond the written bytes")
    writeIndex &-= count
  }

  /// Forgets all bytes and keeps the memory.
  package func reset() {
    readIndex = 0
    writeIndex = 0
  }

  /// Forgets all bytes and frees the memory; an idle connection calls this.
  package func giveBack() {
    reset()
    free(base)
    base = nil
    capacity = 0
  }

  /// Moves the unconsumed bytes to the start of the memory.
  package func compact() {
    guard readIndex > 0, let base else { return }
    memmove(base, base + readIndex, count)
    writeIndex &-= readIndex
    readIndex = 0
  }

  @inline(never)
  private func makeRoom(_ extra: Int) {
    let held = count
    let (needed, overflow) = held.addingReportingOverflow(max(extra, 1))
    precondition(!overflow && needed <= Int.max / 4, "a buffer of \(extra) more bytes")
    // Moving is only worth it when it frees at least as much as it copies.
    if needed <= capacity, readIndex >= held { return compact() }
    var grown = max(capacity, 256)
    while grown < needed { grown *= 2 }
    guard let memory = malloc(grown) else {
      preconditionFailure("out of memory for \(grown) bytes")
    }
    let fresh = memory.assumingMemoryBound(to: UInt8.self)
    if let base, held > 0 { memcpy(fresh, base + readIndex, held) }
    free(base)
    base = fresh
    capacity = grown
    readIndex = 0
    writeIndex = held
  }

  /// A valid address for `readPointer` of a buffer without memory; never read or written.
  nonisolated(unsafe) private static let nothing = UnsafeMutablePointer<UInt8>.allocate(capacity: 1)
}
