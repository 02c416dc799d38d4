import Egg
import EggRedis
import Glibc

/// Takes the server's bytes as they come and gives back whole replies, in RESP2 and RESP3.
///
/// Bulk strings are `.text` when they are UTF-8 and `.data` otherwise; `Value.bytes` reads both.
/// Maps become `.map`, sets lists, doubles numbers, big numbers and verbatim strings text;
/// attributes are dropped.
///
/// - Source: redis.io, "Redis serialization protocol specification".
nonisolated public final class ReplyReader {
  /// What a server may make us keep.
  public struct Limits: Sendable {
    /// Bytes of one string.
    public var string = 512 << 20
    /// Bytes of a line: a status, an error, a length.
    public var line = 64 << 10
    /// Elements of one reply, those of its lists included.
    public var elements = 16 << 20
    /// Lists inside of lists.
    public var depth = 64
    public init() {}
  }

  private struct Frame {
    let type: UInt8
    /// Elements that are still to come.
    var missing: Int
    var items: [Value] = []
  }

  private let limits: Limits
  private var memory: UnsafeMutablePointer<UInt8>
  private var capacity: Int
  /// What is there and not yet parsed: from `start` to `end`.
  private var start = 0
  private var end = 0
  private var frames: [Frame] = []
  private var errors: [Int: RedisError] = [:]
  private var elements = 0

  public init(limits: Limits = Limits(), capacity: Int = 16 << 10) {
    self.limits = limits
    self.capacity = max(64, capacity)
    memory = .allocate(capacity: self.capacity)
  }

  deinit { memory.deallocate() }

  /// Room for what comes next; report with `received` how much of it was filled.
  public func room(atLeast wanted: Int = 4096) -> UnsafeMutableBufferPointer<UInt8> {
    if start == end { (start, end) = (0, 0) }
    if capacity - end < wanted, start > 0 {
      memory.update(from: memory + start, count: end - start)
      (start, end) = (0, end - start)
    }
    if capacity - end < wanted { grow(to: end + wanted) }
    return UnsafeMutableBufferPointer(start: memory + end, count: capacity - end)
  }

  public func received(_ count: Int) { end += count }

  public func append(_ bytes: some Collection<UInt8>) {
    let room = room(atLeast: bytes.count)
    _ = room.update(fromContentsOf: bytes)
    received(bytes.count)
  }

  private func grow(to wanted: Int) {
    let size = max(wanted, capacity * 2)
    let larger = UnsafeMutablePointer<UInt8>.allocate(capacity: size)
    larger.update(from: memory, count: end)
    memory.deallocate()
    memory = larger
    capacity = size
  }

  /// After a large reply: gives its memory back when nothing is left to parse.
  public func shrink() {
    guard start == end, capacity > 1 << 20 else { return }
    memory.deallocate()
    capacity = 16 << 10
    memory = .allocate(capacity: capacity)
    (start, end) = (0, 0)
  }

  // MARK: parsing

  /// The next whole reply; nil when more bytes are needed.
  ///
  /// - Throws: `EGG_REDIS_PROTOCOL` for bytes that are no reply or exceed a limit. The connection
  ///   is of no use afterwards.
  public func next() throws(RedisError) -> Reply? {
    while start < end {
      let type = memory[start]
      guard let line = try line() else { return nil }
      var value: Value
      var failure: RedisError?
      switch type {
      case UInt8(ascii: "+"): value = text(line)
      case UInt8(ascii: ":"): value = .integer(try integer(line))
      case UInt8(ascii: "$"), UInt8(ascii: "="), UInt8(ascii: "!"):
        let length = try integer(line)
        if length == -1 {
          value = .null
        } else {
          guard length >= 0, length <= limits.string else {
            throw RedisError.protocol("a string of \(length) bytes, the limit is \(limits.string)")
          }
          let first = start + 1 + line.count + 2
          guard end - first >= length + 2 else {
            // The announced length is only a promise: memory grows with what comes.
            if first + length + 2 > capacity {
              _ = room(atLeast: min(length + 2 - (end - first), max(1 << 20, end - start)))
            }
            return nil
          }
          guard memory[first + length] == 13, memory[first + length + 1] == 10 else {
            throw RedisError.protocol("a string does not end where its length says")
          }
          var content = UnsafeBufferPointer(start: memory + first, count: length)
          start = first + length + 2
          if type == UInt8(ascii: "=") {
            content = UnsafeBufferPointer(rebasing: content.dropFirst(4))
          }
          value = text(content)
          if type == UInt8(ascii: "!") { failure = RedisError(reply: content) }
          guard let reply = try deliver(value, failure) else { continue }
          return reply
        }
      case UInt8(ascii: "-"):
        failure = RedisError(reply: line)
        value = .null
      case UInt8(ascii: "_"): value = .null
      case UInt8(ascii: "#"):
        guard line.count == 1, line[0] == UInt8(ascii: "t") || line[0] == UInt8(ascii: "f") else {
          throw RedisError.protocol("a boolean that is neither t nor f")
        }
        value = .boolean(line[0] == UInt8(ascii: "t"))
      case UInt8(ascii: ","): value = .number(try double(line))
      case UInt8(ascii: "("): value = text(line)
      case UInt8(ascii: "*"), UInt8(ascii: "~"), UInt8(ascii: ">"), UInt8(ascii: "%"),
        UInt8(ascii: "|"):
        let count = try integer(line)
        if count == -1 {
          value = .null
        } else {
          try open(type, count)
          skip(line)
          guard count == 0 else { continue }
          guard let reply = try close() else { continue }
          return reply
        }
      default:
        throw RedisError.protocol("a reply cannot begin with byte \(type)")
      }
      skip(line)
      guard let reply = try deliver(value, failure) else { continue }
      return reply
    }
    return nil
  }

  /// The text between the type's byte and the end of the line.
  private func line() throws(RedisError) -> UnsafeBufferPointer<UInt8>? {
    let first = start + 1
    let found = memchr(memory + first, 10, min(end - first, limits.line))
    guard let found else {
      guard end - first < limits.line else {
        throw RedisError.protocol("a line longer than \(limits.line) bytes")
      }
      return nil
    }
    let stop = found.assumingMemoryBound(to: UInt8.self) - memory
    guard stop > first, memory[stop - 1] == 13 else {
      throw RedisError.protocol("a line that does not end with CR LF")
    }
    return UnsafeBufferPointer(start: memory + first, count: stop - 1 - first)
  }

  private func skip(_ line: UnsafeBufferPointer<UInt8>) { start += 1 + line.count + 2 }

  private func open(_ type: UInt8, _ count: Int) throws(RedisError) {
    guard count >= 0, count <= limits.elements, frames.count < limits.depth else {
      throw RedisError.protocol("a list of \(count) elements at depth \(frames.count)")
    }
    let isPairs = type == UInt8(ascii: "%") || type == UInt8(ascii: "|")
    var frame = Frame(type: type, missing: isPairs ? count * 2 : count)
    // A length is only a promise; memory follows with the elements.
    frame.items.reserveCapacity(min(frame.missing, 1024))
    frames.append(frame)
  }

  /// Puts a complete element where it belongs.
  ///
  /// - Returns: the reply, if that was its last element.
  private func deliver(_ value: Value, _ failure: RedisError?) throws(RedisError) -> Reply? {
    guard let top = frames.indices.last else {
      if let failure { return .failure(failure) }
      return .value(value)
    }
    elements += 1
    guard elements <= limits.elements else {
      throw RedisError.protocol("a reply of more than \(limits.elements) elements")
    }
    if let failure {
      if top == 0 { errors[frames[0].items.count] = failure }
      frames[top].items.append(failure.value)
    } else {
      frames[top].items.append(value)
    }
    frames[top].missing -= 1
    return frames[top].missing == 0 ? try close() : nil
  }

  /// Ends the innermost list.
  private func close() throws(RedisError) -> Reply? {
    let frame = frames.removeLast()
    let value: Value
    switch frame.type {
    case UInt8(ascii: "|"): return nil
    case UInt8(ascii: "%"): value = map(frame.items)
    case UInt8(ascii: ">") where frames.isEmpty:
      elements = 0
      return .push(frame.items)
    default: value = .list(frame.items)
    }
    guard frames.isEmpty else { return try deliver(value, nil) }
    elements = 0
    guard !errors.isEmpty else { return .value(value) }
    defer { errors = [:] }
    return .partial(value, errors)
  }

  private func map(_ items: [Value]) -> Value {
    var map = ValueMap()
    map.reserveCapacity(items.count / 2)
    for place in stride(from: 0, to: items.count - 1, by: 2) {
      map[items[place].description] = items[place + 1]
    }
    return .map(map)
  }

  private func text(_ bytes: UnsafeBufferPointer<UInt8>) -> Value {
    if let text = String(validating: bytes, as: UTF8.self) { return .text(text) }
    return .data(Array(bytes))
  }

  private func integer(_ line: UnsafeBufferPointer<UInt8>) throws(RedisError) -> Int {
    let isNegative = line.first == UInt8(ascii: "-")
    let digits = isNegative || line.first == UInt8(ascii: "+") ? line.dropFirst() : line[...]
    guard !digits.isEmpty, digits.count <= 19 else {
      throw RedisError.protocol("a number that is none")
    }
    // Built up as a negative number, which reaches one further.
    var number = 0
    for digit in digits {
      guard digit >= 48, digit <= 57 else { throw RedisError.protocol("a number that is none") }
      let (tens, overflow) = number.multipliedReportingOverflow(by: 10)
      let (sum, overflowed) = tens.subtractingReportingOverflow(Int(digit) - 48)
      guard !overflow, !overflowed else { throw RedisError.protocol("a number that is too large") }
      number = sum
    }
    guard isNegative || number != .min else {
      throw RedisError.protocol("a number that is too large")
    }
    return isNegative ? number : -number
  }

  private func double(_ line: UnsafeBufferPointer<UInt8>) throws(RedisError) -> Double {
    guard let number = Double(String(decoding: line, as: UTF8.self)) else {
      throw RedisError.protocol("a number that is none")
    }
    return number
  }
}
