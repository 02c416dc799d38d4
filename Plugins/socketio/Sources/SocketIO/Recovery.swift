internal import EngineIO

/// How clients get back what they missed while their connection was lost.
///
/// - Source: Socket.IO protocol 5, "Connection state recovery".
nonisolated public struct RecoveryOptions: Sendable {
  /// Milliseconds for which a client that was lost may come back.
  public var maxDisconnectionDuration = 120_000
  /// Who comes back is not asked again.
  public var skipMiddlewares = true
  /// Bytes of events that are kept for a namespace; the oldest go first.
  public var maxBytes = 16 << 20
  /// Clients of a namespace that are waited for; the oldest go first.
  public var maxSessions = 100_000

  public init() {}
}

/// The events of a namespace that clients may have missed, and the clients that may ask for them.
final class Recovery {
  let options: RecoveryOptions
  private let clock: AlarmClock
  /// Different in every process, so that offsets of another one are not understood.
  private let mark = String(SessionID.make().prefix(8))
  private var kept: Deque<Kept> = Deque()
  private var bytes = 0
  /// Of the last event.
  private var last = 0
  private var lost: [String: Lost] = [:]
  private var order: Deque<(privateID: String, until: Int)> = Deque()

  private struct Kept {
    let number: Int
    let until: Int
    let size: Int
    let packet: OutPacket
    let rooms: [String]
    let except: [String]
  }

  /// A client that is away.
  struct Lost {
    let id: String
    let privateID: String
    let rooms: [String]
    let data: [UInt8]
    let until: Int
    /// Of the last event that it got.
    var seen = 0
  }

  init(_ options: RecoveryOptions, _ clock: AlarmClock) {
    self.options = options
    self.clock = clock
  }

  // MARK: events

  /// The arguments with the event's offset behind them, which the client tells when it is back.
  func numbered(_ arguments: EventArguments) -> EventArguments {
    last += 1
    var numbered = arguments
    numbered.json.removeLast()
    numbered.json += Array(",\"\(mark).\(last)\"]".utf8)
    return numbered
  }

  /// - Parameter packet: of the arguments that were numbered last.
  func keep(_ packet: OutPacket, rooms: [String], except: [String]) {
    let size = packet.parts.reduce(256) { $0 + $1.size }
    kept.append(
      Kept(
        number: last, until: clock.now() + options.maxDisconnectionDuration, size: size,
        packet: packet, rooms: rooms, except: except))
    bytes += size
    purge()
  }

  private func purge() {
    let now = clock.now()
    while let first = kept.first, bytes > options.maxBytes || first.until <= now {
      bytes -= first.size
      kept.removeFirst()
    }
    while let first = order.first, order.count > options.maxSessions || first.until <= now {
      order.removeFirst()
      if lost[first.privateID]?.until == first.until { lost[first.privateID] = nil }
    }
  }

  // MARK: clients

  func lose(_ id: String, _ privateID: String, _ rooms: [String], _ data: [UInt8]) {
    let until = clock.now() + options.maxDisconnectionDuration
    lost[privateID] = Lost(id: id, privateID: privateID, rooms: rooms, data: data, until: until)
    order.append((privateID, until))
    purge()
  }

  /// The client that comes back, once.
  ///
  /// - Parameter auth: the payload of CONNECT.
  /// - Returns: nil when it is a new one, or what it missed is not known any more.
  func find(_ auth: [UInt8]) -> Lost? {
    guard !lost.isEmpty, !auth.isEmpty,
      let (privateID, offset) = auth.withUnsafeBytes({ bytes -> (String, String)? in
        var scan = JSONScan(bytes, from: 0)
        let members = scan.texts(["pid", "offset"])
        guard let id = members["pid"], let offset = members["offset"] else { return nil }
        return (id, offset)
      })
    else { return nil }
    purge()
    let parts = offset.split(separator: ".", maxSplits: 1)
    guard parts.count == 2, parts[0] == mark, let seen = Int(parts[1]), seen <= last,
      seen + 1 >= kept.first?.number ?? last + 1, var client = lost.removeValue(forKey: privateID)
    else { return nil }
    client.seen = seen
    return client
  }

  /// What the client has not got.
  func missed(by client: Lost) -> [OutPacket] {
    var packets: [OutPacket] = []
    kept.forEach { event in
      guard event.number > client.seen else { return }
      func isIn(_ room: String) -> Bool { room == client.id || client.rooms.contains(room) }
      if !event.rooms.isEmpty, !event.rooms.contains(where: isIn) { return }
      if event.except.contains(where: isIn) { return }
      packets.append(event.packet)
    }
    return packets
  }

  /// Ends of connections after which a client may come back: all that it did not ask for.
  static func isRecoverable(_ reason: String) -> Bool {
    switch EndReason(rawValue: reason) {
    case .transportClose, .transportError, .pingTimeout, .forcedClose, .forcedServerClose,
      .shuttingDown:
      true
    default: false
    }
  }
}

/// A list that loses its first elements without moving the others each time.
struct Deque<Element> {
  private var elements: [Element?] = []
  private var start = 0

  var count: Int { elements.count - start }
  var first: Element? { start < elements.count ? elements[start] : nil }

  mutating func append(_ element: Element) { elements.append(element) }

  mutating func removeFirst() {
    elements[start] = nil
    start += 1
    if start > 64, start * 2 > elements.count {
      elements.removeFirst(start)
      start = 0
    }
  }

  func forEach(_ body: (Element) -> Void) {
    for element in elements[start...] { if let element { body(element) } }
  }
}
