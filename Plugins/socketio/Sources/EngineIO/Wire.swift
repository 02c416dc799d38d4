/// The connection under a WebSocket, as the host has it.
public protocol Wire: AnyObject {
  func write(_ frame: [UInt8]) -> WireState
  /// The bytes are gone when it returns.
  func write(_ frame: UnsafeRawBufferPointer) -> WireState
  /// The frame of a packet that goes to many; the host may keep it with the packet.
  func write(_ packet: Outgoing, _ revision: Revision) -> WireState
  /// Bytes that wait to be sent.
  var waiting: Int { get }
  /// Stops and restarts what comes in.
  func pause(_ paused: Bool)
  /// Sends what waits and ends; `now` drops what waits.
  func close(now: Bool)
}

public enum WireState: Sendable {
  case taken
  /// Taken, and the client does not keep up.
  case wait
  /// The connection is gone, or too much waits.
  case refused
}

extension Wire {
  public func write(_ frame: UnsafeRawBufferPointer) -> WireState { write(Array(frame)) }

  /// A message of text in two parts, as one frame that is made on the stack when it is short.
  func write(_ head: UnsafeRawBufferPointer, _ body: UnsafeRawBufferPointer) -> WireState {
    let count = head.count + body.count + 1
    return withUnsafeTemporaryAllocation(byteCount: count + FrameHead.longest, alignment: 8) {
      out in
      var at = FrameHead.write(0x81, count, to: out)
      out[at] = PacketKind.message.rawValue
      at &+= 1
      for part in [head, body] where part.count > 0 {
        UnsafeMutableRawBufferPointer(rebasing: out[at...]).copyMemory(from: part)
        at &+= part.count
      }
      return write(UnsafeRawBufferPointer(rebasing: out[..<at]))
    }
  }

  public func write(_ packet: Outgoing, _ revision: Revision) -> WireState {
    write(packet.frame(revision))
  }
}

/// The head of a server's frame.
///
/// - Source: RFC 6455 §5.2.
private nonisolated enum FrameHead {
  static let longest = 10

  /// - Returns: its size.
  static func write(_ first: UInt8, _ count: Int, to out: UnsafeMutableRawBufferPointer) -> Int {
    out[0] = first
    switch count {
    case ...125:
      out[1] = UInt8(truncatingIfNeeded: count)
      return 2
    case ...0xFFFF:
      out[1] = 126
      out[2] = UInt8(truncatingIfNeeded: count >> 8)
      out[3] = UInt8(truncatingIfNeeded: count)
      return 4
    default:
      out[1] = 127
      for place in 0..<8 {
        out[2 + place] = UInt8(truncatingIfNeeded: count >> (56 - place * 8))
      }
      return 10
    }
  }
}

extension Outgoing {
  /// What stands in front of the body.
  func prefix(_ revision: Revision) -> UInt8? {
    isBinary ? (revision == .v3 ? 4 : nil) : kind.rawValue
  }

  /// The WebSocket frame of this packet.
  ///
  /// - Source: RFC 6455 §5.2; Engine.IO: text is digit and body, a binary message is the bare
  ///   bytes, with its type in front in revision 3.
  public func frame(_ revision: Revision) -> [UInt8] {
    let prefix = isCompressed ? nil : prefix(revision)
    let count = body.count + (prefix == nil ? 0 : 1)
    return [UInt8](unsafeUninitializedCapacity: count + FrameHead.longest) { out, size in
      var at = FrameHead.write(
        (isBinary ? 0x82 : 0x81) | (isCompressed ? 0x40 : 0), count,
        to: UnsafeMutableRawBufferPointer(out))
      if let prefix {
        out[at] = prefix
        at += 1
      }
      body.withUnsafeBufferPointer { source in
        guard let base = source.baseAddress else { return }
        out.baseAddress?.advanced(by: at).initialize(from: base, count: source.count)
      }
      size = at + body.count
    }
  }
}
