import Egg
import Glibc
import PluginABI

/// Reading the C values where they lie.
nonisolated extension egg_str {
  init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.init(
      ptr: bytes.baseAddress.map { UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self) },
      len: bytes.count)
  }

  /// A copy for the life of the process, with a zero behind it.
  init(permanent text: String) { self.init(ptr: UnsafePointer(strdup(text)), len: text.utf8.count) }

  var string: String {
    String(decoding: UnsafeRawBufferPointer(start: len == 0 ? nil : ptr, count: len), as: UTF8.self)
  }

  static func == (a: egg_str, b: egg_str) -> Bool {
    a.len == b.len && (a.len == 0 || memcmp(a.ptr!, b.ptr!, a.len) == 0)
  }

  static func lend<R>(_ text: String, _ body: (egg_str) -> R) -> R {
    var text = text
    return text.withUTF8 { body(egg_str($0)) }
  }
}

nonisolated extension egg_value {
  /// The text of a STRING; empty for all others.
  var text: egg_str {
    kind == egg_kind(EGG_STRING) ? egg_str(ptr: `as`.string, len: Int(count)) : egg_str()
  }

  /// The members of a MAP; none for all others.
  var pairs: UnsafeBufferPointer<egg_pair> {
    guard kind == egg_kind(EGG_MAP), let pairs = `as`.pairs else {
      return UnsafeBufferPointer(start: nil, count: 0)
    }
    return UnsafeBufferPointer(start: pairs, count: Int(count))
  }

  /// A member of a MAP that is text.
  func member(_ name: String) -> egg_value? {
    pairs.first { $0.key.string == name && $0.value.kind == egg_kind(EGG_STRING) }?.value
  }
}

nonisolated extension EggError {
  /// Settles `call` with this error.
  func fail(_ call: egg_call, _ host: UnsafePointer<egg_host>) -> egg_step {
    egg_str.lend(code) { code in
      egg_str.lend(message) { message in
        var error = egg_error()
        error.size = UInt32(MemoryLayout<egg_error>.size)
        error.http_status = Int32(clamping: status)
        error.code = code
        error.message = message
        return host.pointee.fail(host, call, &error)
      }
    }
  }
}
