import Glibc

/// Code that was needed for the start and mostly is not any more: reading configuration, linking libraries,
/// registering. It stays resident until somebody says otherwise.
enum StartPages {
  /// Hands back the pages of all mapped code. They lie in the files they come from, so what a request needs
  /// is mapped again at its first use; nothing is read from disk for that while the file is cached.
  ///
  /// Only mappings that are executable and not writable: their pages are as in the file. Data, which the
  /// linker has changed, is left alone.
  static func giveBack() {
    guard let maps = read("/proc/self/maps") else { return }
    maps.withUnsafeBufferPointer { text in
      var start = 0
      while start < text.count {
        var end = start
        while end < text.count, text[end] != 0x0A { end &+= 1 }
        giveBack(line: UnsafeBufferPointer(rebasing: text[start..<end]))
        start = end &+ 1
      }
    }
  }

  /// `7f1c2a000000-7f1c2a160000 r-xp 00000000 08:01 1234   /usr/lib/libx.so`
  private static func giveBack(line: UnsafeBufferPointer<UInt8>) {
    var at = 0
    guard let first = number(line, &at, until: UInt8(ascii: "-")),
      let end = number(line, &at, until: 0x20), end > first, line.count > at &+ 4,
      line[at] == UInt8(ascii: "r"), line[at &+ 1] == UInt8(ascii: "-"),
      line[at &+ 2] == UInt8(ascii: "x"), line[at &+ 3] == UInt8(ascii: "p"),
      line.contains(UInt8(ascii: "/"))
    else { return }
    // A refusal changes nothing.
    _ = madvise(UnsafeMutableRawPointer(bitPattern: first), Int(end &- first), MADV_DONTNEED)
  }

  private static func number(
    _ line: UnsafeBufferPointer<UInt8>, _ at: inout Int, until end: UInt8
  ) -> UInt? {
    var value: UInt = 0
    while at < line.count {
      let byte = line[at]
      at &+= 1
      switch byte {
      case end: return value
      case 0x30...0x39: value = value << 4 | UInt(byte &- 0x30)
      case 0x61...0x66: value = value << 4 | UInt(byte &- 0x57)
      default: return nil
      }
    }
    return nil
  }

  private static func read(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    let piece = 16 * 1024
    while bytes.count < 1 << 20 {
      let got = withUnsafeTemporaryAllocation(byteCount: piece, alignment: 1) { memory in
        let got = Glibc.read(descriptor, memory.baseAddress!, piece)
        if got > 0 { bytes.append(contentsOf: memory.prefix(got)) }
        return got
      }
      if got <= 0 { return got == 0 ? bytes : nil }
    }
    return bytes
  }
}
