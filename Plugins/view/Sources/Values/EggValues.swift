// What `view`, its engines and their client modules do with the C values: reading them where they lie.

public import Egg
import Glibc
public import PluginABI

nonisolated extension egg_str {
  @inlinable
  public init(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.init(
      ptr: bytes.baseAddress.map { UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self) },
      len: bytes.count)
  }

  @inlinable
  public init(_ text: StaticString) {
    self.init(UnsafeBufferPointer(start: text.utf8Start, count: text.utf8CodeUnitCount))
  }

  /// A copy for the life of the process, with a zero behind it.
  public init(permanent text: String) {
    self.init(ptr: UnsafePointer(strdup(text)), len: text.utf8.count)
  }

  @inlinable
  public var bytes: UnsafeBufferPointer<UInt8> {
    guard let ptr, len > 0 else { return UnsafeBufferPointer(start: nil, count: 0) }
    return UnsafeBufferPointer(
      start: UnsafeRawPointer(ptr).assumingMemoryBound(to: UInt8.self), count: len)
  }

  @inlinable
  public var string: String { String(decoding: bytes, as: UTF8.self) }

  public static func == (left: egg_str, right: egg_str) -> Bool {
    left.len == right.len && (left.len == 0 || memcmp(left.ptr!, right.ptr!, left.len) == 0)
  }

  @inlinable
  public static func lend<R>(_ text: String, _ body: (egg_str) -> R) -> R {
    var text = text
    return text.withUTF8 { body(egg_str($0)) }
  }
}

nonisolated extension egg_value {
  @inlinable
  public init(text: UnsafeBufferPointer<UInt8>) {
    self.init()
    kind = egg_kind(EGG_STRING)
    count = UInt32(clamping: text.count)
    `as`.string = egg_str(text).ptr
  }

  @inlinable
  public init(integer: Int) {
    self.init()
    kind = egg_kind(EGG_INT)
    `as`.integer = Int64(integer)
  }

  @inlinable
  public init(boolean: Bool) {
    self.init()
    kind = egg_kind(EGG_BOOL)
    `as`.boolean = boolean
  }

  /// The text of a STRING; empty for all others.
  @inlinable
  public var text: egg_str {
    kind == egg_kind(EGG_STRING) ? egg_str(ptr: `as`.string, len: Int(count)) : egg_str()
  }

  /// The values of a LIST; none for all others.
  @inlinable
  public var items: UnsafeBufferPointer<egg_value> {
    guard kind == egg_kind(EGG_LIST), let items = `as`.items else {
      return UnsafeBufferPointer(start: nil, count: 0)
    }
    return UnsafeBufferPointer(start: items, count: Int(count))
  }

  /// The members of a MAP; none for all others.
  @inlinable
  public var pairs: UnsafeBufferPointer<egg_pair> {
    guard kind == egg_kind(EGG_MAP), let pairs = `as`.pairs else {
      return UnsafeBufferPointer(start: nil, count: 0)
    }
    return UnsafeBufferPointer(start: pairs, count: Int(count))
  }

  /// A member of a MAP.
  public func member(_ name: StaticString) -> egg_value? {
    pairs.first { $0.key == egg_str(name) }?.value
  }
}

nonisolated extension EggError {
  /// Settles `call` with this error.
  public func fail(_ call: egg_call, _ host: UnsafePointer<egg_host>) -> egg_step {
    lend { host.pointee.fail(host, call, $0) }
  }

  /// The error in the memory of `call`, which goes on; nil when that is used up.
  public func kept(by call: egg_call, _ host: UnsafePointer<egg_host>) -> UnsafePointer<egg_error>?
  {
    lend { $0.pointee.kept(by: call, host) }
  }

  private func lend<R>(_ body: (UnsafePointer<egg_error>) -> R) -> R {
    egg_str.lend(code) { code in
      egg_str.lend(message) { message in
        var error = egg_error()
        error.size = UInt32(MemoryLayout<egg_error>.size)
        error.http_status = Int32(clamping: status)
        error.code = code
        error.message = message
        return withUnsafePointer(to: &error, body)
      }
    }
  }
}

nonisolated extension egg_error {
  /// A copy in the memory of `call`, with the cause where it is; nil when that is used up.
  public func kept(by call: egg_call, _ host: UnsafePointer<egg_host>) -> UnsafePointer<egg_error>?
  {
    func room<T>(for value: T) -> UnsafeMutablePointer<T>? {
      let memory = host.pointee.alloc(
        host, call, MemoryLayout<T>.size, MemoryLayout<T>.alignment)
      let place = memory?.bindMemory(to: T.self, capacity: 1)
      place?.initialize(to: value)
      return place
    }
    func copy(_ value: egg_value) -> egg_value {
      var (value, out) = (value, egg_value())
      return host.pointee.copy(host, call, &value, &out) == egg_status(EGG_OK) ? out : egg_value()
    }
    var error = self
    error.code = copy(egg_value(text: code.bytes)).text
    error.message = copy(egg_value(text: message.bytes)).text
    error.detail = copy(egg_value(text: detail.bytes)).text
    if let properties { error.properties = room(for: copy(properties.pointee)).map { .init($0) } }
    return room(for: error).map { UnsafePointer($0) }
  }
}
