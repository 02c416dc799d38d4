/// Connections with a request that was read and not yet run.
///
/// Not counted: it is emptied in the batch of events that filled it, and until then the worker keeps also
/// those that have been closed.
struct Gathered: ~Copyable {
  private static var limit: Int { 64 }
  private let connections: UnsafeMutablePointer<Unmanaged<Connection>> = .allocate(capacity: limit)
  private var count = 0

  var isEmpty: Bool { count == 0 }
  var isFull: Bool { count == Self.limit }

  @inline(__always)
  mutating func append(_ connection: Connection) {
    precondition(!isFull, "more gathered connections than there is room for")
    (connections + count).initialize(to: .passUnretained(connection))
    count &+= 1
  }

  /// Empties it: does the one with all of them, then the other.
  @inline(__always)
  mutating func drain(each first: (Connection) -> Void, thenEach second: (Connection) -> Void) {
    let number = count
    count = 0
    for place in 0..<number { connections[place]._withUnsafeGuaranteedRef(first) }
    for place in 0..<number { connections[place]._withUnsafeGuaranteedRef(second) }
  }

  deinit { connections.deallocate() }
}
