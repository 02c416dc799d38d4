import Glibc
import PluginABI

nonisolated extension egg_str {
  @inline(__always)
  init(_ text: StaticString) {
    self.init(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  @inline(__always)
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.init(
      ptr: UnsafeRawPointer(bytes.baseAddress)?.assumingMemoryBound(to: CChar.self),
      len: bytes.count)
  }

  @inline(__always)
  var bytes: UnsafeBufferPointer<UInt8> {
    UnsafeBufferPointer(
      start: UnsafeRawPointer(ptr)?.assumingMemoryBound(to: UInt8.self), count: ptr == nil ? 0 : len
    )
  }

  @inline(__always)
  func isEqual(_ text: StaticString) -> Bool {
    guard let ptr, len == text.utf8CodeUnitCount else { return false }
    return memcmp(ptr, text.utf8Start, len) == 0
  }
}
