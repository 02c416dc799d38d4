import Glibc
import PluginABI

/// Names and values of header fields, ready for the interface. They never change, and neither does what they point to.
nonisolated enum Names {
  nonisolated(unsafe) static let type = egg_str(constant: "Content-Type")
  nonisolated(unsafe) static let encoding = egg_str(constant: "Content-Encoding")
  nonisolated(unsafe) static let length = egg_str(constant: "Content-Length")
  nonisolated(unsafe) static let range = egg_str(constant: "Content-Range")
  nonisolated(unsafe) static let ranges = egg_str(constant: "Accept-Ranges")
  nonisolated(unsafe) static let digest = egg_str(constant: "Content-MD5")
  nonisolated(unsafe) static let control = egg_str(constant: "Cache-Control")
  nonisolated(unsafe) static let tag = egg_str(constant: "ETag")
  nonisolated(unsafe) static let vary = egg_str(constant: "Vary")
  nonisolated(unsafe) static let accept = egg_str(constant: "Accept-Encoding")
  nonisolated(unsafe) static let br = egg_str(constant: "br")
  nonisolated(unsafe) static let gzip = egg_str(constant: "gzip")
}

nonisolated enum FieldList {
  /// Whether an element of a list with commas is `word`, which is in lower case.
  static func contains(_ list: UnsafeBufferPointer<UInt8>, _ word: StaticString) -> Bool {
    let count = word.utf8CodeUnitCount
    var at = 0
    while at + count <= list.count {
      var end = at
      while end < list.count, list[end] != 0x2C { end += 1 }
      var (first, last) = (at, end)
      while first < last, list[first] == 0x20 || list[first] == 0x09 { first += 1 }
      while first < last, list[last - 1] == 0x20 || list[last - 1] == 0x09 { last -= 1 }
      if last - first == count,
        strncasecmp(list.baseAddress! + first, word.utf8Start, count) == 0
      {
        return true
      }
      at = end + 1
    }
    return false
  }

  private static func strncasecmp(
    _ text: UnsafePointer<UInt8>, _ word: UnsafePointer<UInt8>, _ count: Int
  ) -> Int32 {
    Glibc.strncasecmp(
      UnsafeRawPointer(text).assumingMemoryBound(to: CChar.self),
      UnsafeRawPointer(word).assumingMemoryBound(to: CChar.self), count)
  }
}

nonisolated extension egg_str {
  fileprivate init(constant text: StaticString) {
    self.init(
      ptr: UnsafeRawPointer(text.utf8Start).assumingMemoryBound(to: CChar.self),
      len: text.utf8CodeUnitCount)
  }

  var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: UnsafeRawPointer(ptr)?.assumingMemoryBound(to: UInt8.self), count: ptr == nil ? 0 : len
    )
  }
}

nonisolated extension [UInt8] {
  func withEgg(_ body: (egg_str) -> Void) {
    withUnsafeBytes {
      body(egg_str(ptr: $0.baseAddress?.assumingMemoryBound(to: CChar.self), len: $0.count))
    }
  }
}
