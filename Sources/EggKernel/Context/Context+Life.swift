import Glibc
import PluginABI

/// From a parsed head to the pool.
extension Context {
  /// The head is parsed and the connection set: runs the onion.
  func begin() {
    isChainOver = false
    isConnectionOver = false
    startedNanoseconds = worker.loop.now
    startedMilliseconds = worker.wallMilliseconds()
    noteBegin()
    if worker.health != nil, answersHealth() { return }
    if worker.events.hasRequestListeners { worker.events.emit("request", on: self) }
    startChain()
  }

  /// A context without a connection: its creator holds the call.
  func beginAnonymous(for unit: Unit) -> egg_call {
    isChainOver = false
    isConnectionOver = true
    startedNanoseconds = worker.loop.now
    startedMilliseconds = worker.wallMilliseconds()
    phase = .idle
    chainCall.purpose = .anonymous
    return chainCall.issue(to: unit, mayGoOn: false)
  }

  /// All layers are left: answers.
  func chainEnded() {
    phase = .idle
    isChainOver = true
    // Not counted: the worker keeps a connection until the next turn at least.
    if let connection = connection.map({ Unmanaged.passUnretained($0) }), !isConnectionOver {
      connection._withUnsafeGuaranteedRef { respond(on: $0) }
    } else {
      if let chainFailure { worker.reportFailure(chainFailure, on: self) }
      recycleIfOver()
    }
  }

  /// The anonymous context's creator settled it.
  func anonymousEnded() {
    isChainOver = true
    recycleIfOver()
  }

  /// The answer is out.
  func connectionEnded() {
    if !isInternal {
      if let access = worker.log.access { worker.log.writeAccess(access, self) }
      if worker.events.hasResponseListeners { worker.events.emit("response", on: self) }
    }
    connection = nil
    isConnectionOver = true
    note.pointee.isActive = false
    if holds > 0 { keepHead() }
    recycleIfOver()
  }

  /// Methods are still under way on it, and the connection's buffer goes to the next request.
  private func keepHead() {
    let copy = ByteBuffer(capacity: max(head.length, 1))
    copy.append(UnsafeBufferPointer(start: base, count: head.length))
    ownHead = copy
    base = copy.readPointer
    parsedBody = egg_value()
    hasRawBody = false
    rawBody = egg_str()
  }

  /// The client went away before the answer was out.
  func connectionLost(_ remains: Remains) {
    self.remains = remains
    note.pointee.isActive = false
    connection = nil
    isConnectionOver = true
    if !isChainOver {
      lostNanoseconds = worker.loop.now
      cancel()
      worker.watchUnsettled()
    }
    recycleIfOver()
  }

  func recycleIfOver() {
    if isChainOver, isConnectionOver, holds == 0, !isDriving { worker.giveBack(self) }
  }
}
