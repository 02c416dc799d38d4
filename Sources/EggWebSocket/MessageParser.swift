/// Makes messages of the bytes of a connection, however they were cut.
///
///     var parser = MessageParser(.server, maxPayload: 1 << 20)
///     try parser.feed(bytes) { event in … }
///
/// After a failure, and after a close frame, everything further is ignored.
///
/// - Source: RFC 6455 §5 and §6.2.
public struct MessageParser {
  /// Which side we are.
  public enum Role: Sendable { case server, client }

  public enum Event: Hashable, Sendable {
    case text(String)
    case binary([UInt8])
    case ping([UInt8])
    case pong([UInt8])
    /// The code is nil when the frame had none.
    case close(CloseCode?, reason: String)
  }

  private let role: Role
  private let maxPayload: UInt64
  /// A head that is not complete.
  private var head: [UInt8] = []
  private var frame: FrameHeader?
  /// Of the frame's payload, taken so far.
  private var taken: UInt64 = 0
  /// The message so far; its kind is nil between messages.
  private var message: [UInt8] = []
  private var kind: Opcode?
  /// Frames of the message so far; empty ones cost nothing but time, so they are limited too.
  private var fragments = 0
  private var text = UTF8Validator()
  private var control: [UInt8] = []
  private var isOver = false
  private var isCompressed = false
  private let expand: Expand?

  /// Makes the plain message of a compressed one, of at most so many bytes.
  public typealias Expand = ([UInt8], _ limit: Int) throws(WebSocketFailure) -> [UInt8]

  /// Frames that a message may have.
  public static let maxFragments = 1024

  /// - Parameters:
  ///   - maxPayload: bytes that a message may have, all its fragments together, compressed or not.
  ///   - expand: of the extension that was agreed upon; nil: a compressed message is a mistake.
  public init(_ role: Role, maxPayload: Int, expand: Expand? = nil) {
    self.role = role
    self.expand = expand
    self.maxPayload = UInt64(max(0, maxPayload))
  }

  /// Bytes that are kept for a message which has not ended.
  public var pending: Int { message.count }

  public mutating func feed(
    _ bytes: [UInt8], _ deliver: (Event) -> Void
  ) throws(WebSocketFailure) {
    let result: Result<Void, WebSocketFailure> = bytes.withUnsafeBytes { bytes in
      do throws(WebSocketFailure) {
        return .success(try feed(bytes, deliver))
      } catch {
        return .failure(error)
      }
    }
    try result.get()
  }

  /// - Parameter bytes: copied as far as they are needed.
  /// - Throws: what is wrong; events before it have been delivered.
  public mutating func feed(
    _ bytes: UnsafeRawBufferPointer, _ deliver: (Event) -> Void
  ) throws(WebSocketFailure) {
    try feed(bytes, text: { deliver(.text(String(decoding: $0, as: UTF8.self))) }, deliver)
  }

  /// The same for somebody who can use a text where it lies.
  ///
  /// - Parameters:
  ///   - text: gets every message of text, in place of `.text`; the bytes are UTF-8, and gone when it
  ///     returns.
  public mutating func feed(
    _ bytes: UnsafeRawBufferPointer, text onText: (UnsafeRawBufferPointer) -> Void,
    _ deliver: (Event) -> Void
  ) throws(WebSocketFailure) {
    var rest = bytes[...]
    do throws(WebSocketFailure) {
      while !isOver {
        if frame == nil {
          if rest.isEmpty { return }
          if kind == nil, head.isEmpty, let short = ShortText(rest, role, maxPayload) {
            guard short.deliver(onText) else { throw notText() }
            rest = rest.dropFirst(short.size)
            continue
          }
          guard let begun = try readHead(&rest) else { return }
          try begin(begun)
        }
        try takePayload(&rest)
        guard let frame, taken == frame.length else { return }
        self.frame = nil
        try end(frame, onText, deliver)
      }
    } catch {
      isOver = true
      message = []
      throw error
    }
  }

  // MARK: the head

  private mutating func readHead(
    _ rest: inout Slice<UnsafeRawBufferPointer>
  ) throws(WebSocketFailure) -> FrameHeader? {
    if head.isEmpty {
      let look = UnsafeRawBufferPointer(rebasing: rest.prefix(FrameHeader.longest))
      switch try FrameHeader.read(look, from: role, mayCompress: expand != nil) {
      case .complete(let header):
        rest = rest.dropFirst(header.size)
        return header
      case .incomplete:
        head.append(contentsOf: rest)
        rest = rest.dropFirst(rest.count)
        return nil
      }
    }
    while true {
      switch try readKeptHead() {
      case .complete(let header):
        head.removeAll(keepingCapacity: true)
        return header
      case .incomplete(let needed):
        let more = rest.prefix(needed - head.count)
        if more.isEmpty { return nil }
        head.append(contentsOf: more)
        rest = rest.dropFirst(more.count)
      }
    }
  }

  private func readKeptHead() throws(WebSocketFailure) -> FrameHeader.Reading {
    let result: Result<FrameHeader.Reading, WebSocketFailure> = head.withUnsafeBytes { bytes in
      do throws(WebSocketFailure) {
        return .success(try FrameHeader.read(bytes, from: role, mayCompress: expand != nil))
      } catch {
        return .failure(error)
      }
    }
    return try result.get()
  }

  private mutating func begin(_ header: FrameHeader) throws(WebSocketFailure) {
    switch header.opcode {
    case .continuation:
      if kind == nil { throw wrong("a continuation without a beginning") }
      fragments += 1
      if fragments >= Self.maxFragments {
        throw WebSocketFailure(
          .policyViolation, "a message has at most \(Self.maxFragments) fragments")
      }
    case .text, .binary:
      if kind != nil { throw wrong("a message began inside another one") }
      kind = header.opcode
      isCompressed = header.isCompressed
      fragments = 0
      text = UTF8Validator()
    case .close, .ping, .pong:
      control.removeAll(keepingCapacity: true)
    }
    if !header.opcode.isControl, header.length > maxPayload &- UInt64(message.count) {
      throw WebSocketFailure(.messageTooBig, "a message has at most \(maxPayload) bytes")
    }
    frame = header
    taken = 0
  }

  // MARK: the payload

  private mutating func takePayload(
    _ rest: inout Slice<UnsafeRawBufferPointer>
  ) throws(WebSocketFailure) {
    guard let frame else { return }
    let count = Int(min(frame.length &- taken, UInt64(rest.count)))
    guard count > 0 else { return }
    let piece = rest.prefix(count)
    rest = rest.dropFirst(count)
    let offset = Int(truncatingIfNeeded: taken & 3)
    taken &+= UInt64(count)
    if frame.opcode.isControl {
      Self.append(piece, to: &control, frame.mask, offset)
      return
    }
    let start = message.count
    Self.append(piece, to: &message, frame.mask, offset)
    if kind == .text, !isCompressed {
      let isText = message.withUnsafeBytes {
        text.feed(UnsafeRawBufferPointer(rebasing: $0[start...]))
      }
      if !isText { throw notText() }
    }
  }

  private static func append(
    _ piece: Slice<UnsafeRawBufferPointer>, to bytes: inout [UInt8], _ mask: Mask?, _ offset: Int
  ) {
    let start = bytes.count
    bytes.append(contentsOf: piece)
    guard let mask else { return }
    bytes.withUnsafeMutableBytes {
      mask.apply(to: UnsafeMutableRawBufferPointer(rebasing: $0[start...]), offset: offset)
    }
  }

  private mutating func end(
    _ frame: FrameHeader, _ onText: (UnsafeRawBufferPointer) -> Void, _ deliver: (Event) -> Void
  ) throws(WebSocketFailure) {
    switch frame.opcode {
    case .ping: deliver(.ping(control))
    case .pong: deliver(.pong(control))
    case .close:
      let event = try readClose()
      isOver = true
      message = []
      deliver(event)
    case .continuation, .text, .binary:
      guard frame.isFinal else { return }
      let isText = kind == .text
      kind = nil
      var whole = message
      message = []
      if isCompressed, let expand {
        whole = try expand(whole, Int(clamping: maxPayload))
        if isText, !whole.withUnsafeBytes({ text.feed($0) }) { throw notText() }
      }
      if isText, !text.isComplete { throw notText() }
      if isText { whole.withUnsafeBytes { onText($0) } } else { deliver(.binary(whole)) }
    }
  }

  /// - Source: RFC 6455 §5.5.1: nothing, or a code and perhaps a reason.
  private func readClose() throws(WebSocketFailure) -> Event {
    if control.isEmpty { return .close(nil, reason: "") }
    guard control.count >= 2 else { throw wrong("a close frame with one byte") }
    let code = CloseCode(UInt16(control[0]) << 8 | UInt16(control[1]))
    guard code.canBeSent else { throw wrong("close code \(code.rawValue) cannot be sent") }
    var validator = UTF8Validator()
    let isText = control.withUnsafeBytes {
      validator.feed(UnsafeRawBufferPointer(rebasing: $0[2...]))
    }
    guard isText, validator.isComplete else { throw notText() }
    return .close(code, reason: String(decoding: control[2...], as: UTF8.self))
  }

  private func wrong(_ message: String) -> WebSocketFailure {
    WebSocketFailure(.protocolError, message)
  }
  private func notText() -> WebSocketFailure {
    WebSocketFailure(.invalidPayload, "a text is not UTF-8")
  }
}
