import Glibc

/// The end of an exchange, and the bytes out.
extension Connection {
  /// The answer is completely in the outbox.
  func answerEnded() {
    unsent &+= 1
    answered &+= 1
    contextReference?._withUnsafeGuaranteedRef { context in
      let time = monotonicNanoseconds()
      worker.row.count(
        status: context.status,
        nanoseconds: time > context.startedNanoseconds ? time &- context.startedNanoseconds : 0)
    }
    if stream != nil { stream = nil }
    if let bodyReader, !bodyReader.isOver {
      if closesAfterAnswer || !bodyReader.isWorthDraining {
        linger()
      } else {
        state = .draining
        worker.loop.deadlines.arm(self, in: worker.timeouts.body)
      }
      releaseContext()
      resumeLater()
      return
    }
    finishExchange()
    resumeLater()
  }

  /// The request's bytes are all read: what follows in the buffer is the next request.
  func finishExchange() {
    if let bodyReader {
      // First the context: its listeners may still look at the head.
      releaseContext()
      bodyReader.surrender(&input)
      self.bodyReader = nil
    } else {
      let length = contextReference?._withUnsafeGuaranteedRef { $0.head.length } ?? 0
      releaseContext()
      if length > 0 {
        input.map { Unmanaged.passUnretained($0) }?._withUnsafeGuaranteedRef { $0.consume(length) }
      }
    }
    if closesAfterAnswer {
      linger()
    } else {
      state = .head
      parser.reset()
      if input.map({ Unmanaged.passUnretained($0) })?._withUnsafeGuaranteedRef({ $0.isEmpty })
        == false
      {
        worker.loop.deadlines.arm(self, in: worker.timeouts.header)
      }
    }
  }

  func releaseContext() {
    contextReference.take()?._withUnsafeGuaranteedRef { $0.connectionEnded() }
  }

  /// The context is somebody else's to give back.
  func forgetContext() { contextReference = nil }

  /// An answer that came from elsewhere than `process` needs it to go on.
  private func resumeLater() {
    if isProcessing { return }
    worker.markDirty(self)
  }

  /// Says goodbye: sends what waits, then ends the writing side and waits for the peer to end its own.
  func linger() {
    state = .lingering
    worker.loop.deadlines.arm(
      self, in: isBlocked ? worker.timeouts.write : worker.timeouts.lingering)
    if outbox.isEmpty { shutdownWriting() }
  }

  func shutdownWriting() {
    if let tls, !tls.sayGoodbye() {
      canWrite = false
      return worker.loop.deadlines.arm(self, in: worker.timeouts.write)
    }
    shutdown(descriptor, Int32(SHUT_WR))
    worker.loop.deadlines.arm(self, in: worker.timeouts.lingering)
    if isReadClosed, !canRead { close() }
  }

  /// Sends what waits. Called once per turn for everything that was answered in it.
  func flush() {
    guard state != .closed, canWrite, !outbox.isEmpty else { return }
    let progress: Outbox.Progress
    if let tls {
      progress = outbox.send(through: tls, &worker.buffers)
    } else {
      progress = outbox.send(to: descriptor, &worker.buffers)
    }
    releaseSent()
    if state == .closed { return }
    switch progress {
    case .done:
      worker.counters.active &-= unsent
      unsent = 0
      let wasBlocked = isBlocked
      isBlocked = false
      switch state {
      case .answering: stream?.drained()
      case .taken: takeover?.drained()
      case .lingering: shutdownWriting()
      case .head where wasBlocked:
        let isWaiting = input?.isEmpty ?? true
        worker.loop.deadlines.arm(
          self, in: isWaiting ? worker.timeouts.keepAlive : worker.timeouts.header)
      default: break
      }
    case .blocked:
      canWrite = false
      isBlocked = true
      worker.loop.deadlines.arm(self, in: worker.timeouts.write)
      if state == .taken { takeover?.drainedPartly() }
    case .failed:
      reset()
    case .truncated:
      worker.log.warning("a file became shorter while it was sent; the connection was cut")
      close()
    }
  }

  /// Tells the owners of lent bytes that those are free again.
  func releaseSent() {
    while outbox.hasRetired {
      for payload in outbox.takeRetired() { payload.release?(payload.state) }
    }
  }

  /// Answers a request that can't be understood, and closes.
  func refuse(status: Int32, reason: String) {
    let out = outbox.buffer(&worker.buffers).takeUnretainedValue()
    let before = out.count
    out.appendStatusLine(Int(status))
    out.append(worker.dateLine())
    out.append("Content-Type: text/plain; charset=utf-8\r\nConnection: close\r\n")
    out.appendContentLength(reason.utf8.count + 1)
    out.appendHeadEnd()
    out.append(reason)
    out.append("\n")
    outbox.appended(out.count - before)
    closesAfterAnswer = true
    if let context {
      contextReference = nil
      worker.giveBack(context)
    }
    linger()
    flush()
  }
}
