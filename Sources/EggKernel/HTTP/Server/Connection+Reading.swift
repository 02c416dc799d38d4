import Glibc

/// Bytes in: request heads, what is left of bodies, and what comes after the last answer.
extension Connection {
  /// Reads once into `buffer`.
  ///
  /// - Returns: bytes read; 0 when nothing is there; -1 at the end of the stream or after a reset.
  func read(into buffer: ByteBuffer, atLeast room: Int) -> Int {
    guard canRead else { return 0 }
    if let tls { return read(tls, into: buffer, atLeast: room) }
    let start = buffer.reserve(room)
    let space = buffer.room
    while true {
      // Not `read`, which goes through the file system's layer first.
      let count = recv(descriptor, start, space, 0)
      if count > 0 {
        buffer.didWrite(count)
        // A short read has emptied the socket; the end, if it was announced, still has to be read.
        if count < space, !isReadClosed { canRead = false }
        return count
      }
      if count == 0 {
        isReadClosed = true
        canRead = false
        return -1
      }
      if errno == EINTR { continue }
      canRead = false
      if errno == EAGAIN { return 0 }
      reset()
      return -1
    }
  }

  func readHead() -> Bool {
    if outbox.isCongested {
      // A client that pipelines and doesn't read would fill our memory.
      flush()
      if state != .head { return state != .closed }
      if outbox.isCongested {
        becomeIdle()
        return false
      }
    }
    while true {
      // Neither is counted here: the worker keeps the one, and nothing takes the other away before
      // `start` has looked at it.
      if let buffer = input.map({ Unmanaged.passUnretained($0) }),
        buffer._withUnsafeGuaranteedRef({ !$0.isEmpty })
      {
        let context = contextReference ?? worker.takeContext()
        contextReference = context
        let outcome = buffer._withUnsafeGuaranteedRef { buffer in
          context._withUnsafeGuaranteedRef {
            parser.parse(buffer.readPointer, count: buffer.count, into: $0.fields)
          }
        }
        switch outcome {
        case .complete(let length):
          buffer._withUnsafeGuaranteedRef { buffer in
            context._withUnsafeGuaranteedRef { start($0, buffer, headLength: length) }
          }
          return true
        case .needMore:
          break
        case .refused(let refusal):
          worker.counters.refused &+= 1
          worker.log.refused(refusal, remoteAddress.string)
          refuse(status: Int32(refusal.status), reason: refusal.reason.description)
          return false
        }
      }
      guard readMore() else { return false }
    }
  }

  /// - Returns: false when nothing came, or the connection has ended.
  func readMore() -> Bool {
    guard canRead else {
      becomeIdle()
      return false
    }
    let buffer = input ?? worker.buffers.take()
    let wasEmpty = buffer.isEmpty
    if wasEmpty { input = buffer }
    switch read(into: buffer, atLeast: 2048) {
    case -1:
      // The peer left, between requests or in the middle of a head; there is nobody to answer in the
      // first case and nothing to answer in the second.
      // Answers that still wait are for a client that has only ended its own side.
      if state != .closed { outbox.isEmpty ? close() : linger() }
      return false
    case 0:
      becomeIdle()
      return false
    default:
      if wasEmpty { worker.loop.deadlines.arm(self, in: worker.timeouts.header) }
      return true
    }
  }

  /// Gives back what an idle connection does not need.
  func becomeIdle() {
    if input?.isEmpty == true, let buffer = input.take() {
      worker.buffers.giveBack(buffer)
      if let context = contextReference.take() {
        context._withUnsafeGuaranteedRef { worker.giveBack($0) }
      }
      if worker.isDraining, !worker.keepsIdle {
        return outbox.isEmpty ? close() : linger()
      }
      if answered > 0, !isBlocked {
        worker.loop.deadlines.arm(self, in: worker.timeouts.keepAlive)
      }
    }
  }

  private func start(_ context: Context, _ buffer: ByteBuffer, headLength: Int) {
    let head = parser.head
    context.connection = self
    context.head = head
    state = .running
    isCancelledByEnd = false
    worker.counters.requests &+= 1
    worker.counters.active &+= 1
    if !head.keepAlive || worker.isDraining { closesAfterAnswer = true }
    switch head.framing {
    case .none:
      if bodyReader != nil { bodyReader = nil }
    default:
      // A small body is read behind its head, in place; the memory must not move from here on.
      if case .contentLength(let length) = head.framing, length <= 8192,
        headLength + Int(length) > buffer.count
      {
        buffer.reserve(headLength + Int(length) - buffer.count)
      }
      bodyReader = BodyReader(self, head, buffer: buffer)
    }
    context.base = buffer.readPointer
    worker.loop.deadlines.disarm(self)
    context.begin()
  }

  func readBody() -> Bool {
    // Half-closed is not gone: a client that has sent its last byte may still read the answer.
    guard let bodyReader, bodyReader.isWanted else { return false }
    return bodyReader.advance()
  }

  func drainBody() -> Bool {
    guard let bodyReader else {
      state = .head
      return true
    }
    switch bodyReader.discard() {
    case .over:
      finishExchange()
      return true
    case .wait:
      return false
    case .broken:
      close()
      return false
    }
  }

  func discardInput() -> Bool {
    if tls != nil { return discardSealed() }
    let buffer = worker.buffers.take()
    defer { worker.buffers.giveBack(buffer) }
    switch read(into: buffer, atLeast: 4096) {
    case -1:
      // The peer may have ended its side only, and wait for what is on its way.
      if outbox.isEmpty { close() }
      return false
    case 0: return false
    default: return true
    }
  }
}
