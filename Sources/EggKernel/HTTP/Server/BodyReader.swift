import Glibc
import PluginABI

/// The body of the request that runs on a connection: nothing is taken from the client before somebody
/// asks, and no more than asked for.
final class BodyReader {
  private enum Wish {
    case none
    case all(limit: Int)
    case some
  }

  enum Draining {
    case over, wait, broken
  }

  /// An unread rest up to this long is read and thrown away; for more the connection is closed.
  static let drainLimit: UInt64 = 64 * 1024

  private unowned(unsafe) let connection: Connection
  private let expectsContinue: Bool
  /// Bytes to come with `Content-Length`.
  private var left: UInt64
  private var decoder: ChunkedDecoder?
  /// Wire bytes: the buffer of the head first, one of our own when that is used up.
  private var wire: ByteBuffer
  private let headBuffer: ByteBuffer
  private let headLength: Int
  /// Bytes of `headBuffer`, head included, that are used up.
  private var used: Int
  private var usesOwnWire = false
  /// The body so far, when it can't be handed out in place.
  private var gathered: ByteBuffer?
  private var wish = Wish.none
  private var done: egg_done?
  private var doneState: UnsafeMutableRawPointer?
  private(set) var isOver = false
  private var failure: (status: Int32, code: String, message: String)?
  /// Bytes of body delivered or gathered.
  private(set) var received: UInt64 = 0
  private var hasReadAll = false
  private var hasReadSome = false
  private var hasAsked = false

  var isWanted: Bool {
    if case .none = wish { return false }
    return true
  }

  var isWorthDraining: Bool {
    if failure != nil { return false }
    return decoder == nil && left <= BodyReader.drainLimit && !(expectsContinue && !hasAsked)
  }

  init(_ connection: Connection, _ head: RequestHead, buffer: ByteBuffer) {
    self.connection = connection
    expectsContinue = head.expectContinue
    headBuffer = buffer
    wire = buffer
    headLength = head.length
    used = head.length
    switch head.framing {
    case .contentLength(let length):
      left = length
    case .chunked:
      left = 0
      decoder = ChunkedDecoder()
    case .none:
      left = 0
      isOver = true
    }
  }

  // MARK: asking

  func readAll(limit: Int, _ done: @escaping egg_done, _ state: UnsafeMutableRawPointer?)
    -> egg_status
  {
    guard self.done == nil, !hasReadSome, !hasReadAll else { return Status.phase }
    hasReadAll = true
    begin(done, state)
    if failure != nil || isOver { return deliverLater() }
    if decoder == nil, left > UInt64(limit) {
      failure = BodyReader.tooLarge(limit)
      return deliverLater()
    }
    wish = .all(limit: limit)
    return pursue()
  }

  func readSome(_ done: @escaping egg_done, _ state: UnsafeMutableRawPointer?) -> egg_status {
    guard self.done == nil else { return Status.phase }
    hasReadSome = true
    begin(done, state)
    if failure != nil || isOver { return deliverLater() }
    wish = .some
    return pursue()
  }

  private func begin(_ done: @escaping egg_done, _ state: UnsafeMutableRawPointer?) {
    self.done = done
    doneState = state
    if expectsContinue, !hasAsked, used == headBuffer.count {
      let worker = connection.worker
      let out = connection.outbox.buffer(&worker.buffers).takeUnretainedValue()
      let before = out.count
      out.appendContinue()
      connection.outbox.appended(out.count - before)
      worker.markDirty(connection)
    }
    hasAsked = true
  }

  private func pursue() -> egg_status {
    let worker = connection.worker
    worker.loop.deadlines.arm(connection, in: worker.timeouts.body)
    worker.turn.push(.run { [connection] in connection.process() })
    return Status.ok
  }

  private func deliverLater() -> egg_status {
    connection.worker.turn.push(.run { [self] in settle() })
    return Status.ok
  }

  private static func tooLarge(_ limit: Int) -> (Int32, String, String) {
    (413, "EGG_BODY_TOO_LARGE", "the request body is larger than the limit of \(limit) bytes")
  }

  // MARK: reading

  /// Unused wire bytes at hand.
  private var available: UnsafeBufferPointer<UInt8> {
    if usesOwnWire { return wire.bytes }
    let count = headBuffer.count - used
    return UnsafeBufferPointer(start: headBuffer.readPointer + used, count: count)
  }

  private func use(_ count: Int) {
    if usesOwnWire {
      wire.consume(count)
    } else {
      used += count
    }
  }

  /// Works off what is at hand, reads more when that is not enough.
  ///
  /// - Returns: whether the connection's `process` should come back at once.
  func advance() -> Bool {
    while isWanted {
      let bytes = available
      if bytes.count > 0 {
        // The whole body is at hand in one piece: it is handed out where it lies.
        if case .all = wish, decoder == nil, gathered == nil, UInt64(bytes.count) >= left {
          let whole = UnsafeBufferPointer(rebasing: bytes.prefix(Int(left)))
          use(Int(left))
          received += left
          left = 0
          isOver = true
          settle(with: whole)
          return true
        }
        if !take(bytes) { return true }
        continue
      }
      switch readMore() {
      case .over: continue
      case .wait: return false
      case .broken:
        fail(status: 400, code: "EGG_BODY_INCOMPLETE", "the request body ended early")
        return false
      }
    }
    return true
  }

  private func readMore() -> Draining {
    let worker = connection.worker
    let count: Int
    if !usesOwnWire, headBuffer.room > 0, headBuffer.room >= min(Int(clamping: left), 1024),
      decoder == nil
    {
      // Behind the head there is still room, and nothing moves.
      count = connection.read(into: headBuffer, atLeast: 1)
    } else {
      if !usesOwnWire {
        wire = worker.buffers.take()
        usesOwnWire = true
      }
      count = connection.read(into: wire, atLeast: min(max(Int(clamping: left), 4096), 65536))
    }
    if count < 0 { return .broken }
    if count == 0 { return .wait }
    worker.loop.deadlines.arm(connection, in: worker.timeouts.body)
    return .over
  }

  /// Takes body bytes out of the wire bytes.
  ///
  /// - Returns: false when the wish is settled.
  private func take(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    guard decoder != nil else {
      let count = Int(min(UInt64(bytes.count), left))
      let body = UnsafeBufferPointer(rebasing: bytes.prefix(count))
      left -= UInt64(count)
      received += UInt64(count)
      if left == 0 { isOver = true }
      return accept(body, using: count)
    }
    switch decoder!.next(bytes.baseAddress!, count: bytes.count) {
    case .body(let offset, let length, let consumed):
      received += UInt64(length)
      return accept(
        UnsafeBufferPointer(rebasing: bytes[offset..<offset + length]), using: consumed)
    case .needMore(let consumed):
      use(consumed)
      return true
    case .complete(let consumed):
      use(consumed)
      isOver = true
      finishWish()
      return false
    case .refused(let refusal):
      failure = (Int32(refusal.status), "EGG_BODY_MALFORMED", refusal.reason.description)
      connection.closesAfterAnswer = true
      settle()
      return false
    }
  }

  private func accept(_ body: UnsafeBufferPointer<UInt8>, using count: Int) -> Bool {
    switch wish {
    case .all(let limit):
      if received > UInt64(limit) {
        failure = BodyReader.tooLarge(limit)
        connection.closesAfterAnswer = true
        settle()
        return false
      }
      let buffer =
        gathered ?? ByteBuffer(capacity: max(body.count, Int(min(left + received, 65536))))
      gathered = buffer
      buffer.append(body)
      use(count)
      if isOver {
        finishWish()
        return false
      }
      return true
    case .some:
      // Delivered where it lies; used up only once the unit has seen it.
      settle(with: body)
      use(count)
      return false
    case .none:
      return false
    }
  }

  private func finishWish() {
    switch wish {
    case .all: settle(with: gathered?.bytes ?? UnsafeBufferPointer(start: nil, count: 0))
    case .some: settle()
    case .none: break
    }
  }

  // MARK: reporting

  /// Reports `bytes`, or the end, or the failure.
  private func settle(with bytes: UnsafeBufferPointer<UInt8>? = nil) {
    guard let done else { return }
    let state = doneState
    let isWhole: Bool
    if case .all = wish { isWhole = true } else { isWhole = !hasReadSome }
    wish = .none
    self.done = nil
    doneState = nil
    var outcome = egg_outcome()
    outcome.size = UInt32(MemoryLayout<egg_outcome>.size)
    if connection.state == .running { connection.worker.loop.deadlines.disarm(connection) }
    if let failure {
      var error = egg_error()
      error.size = UInt32(MemoryLayout<egg_error>.size)
      error.http_status = failure.status
      error.flags = UInt32(EGG_ERROR_EXPOSE)
      let code = StaticText(failure.code)
      let message = StaticText(failure.message)
      error.code = code.value
      error.message = message.value
      outcome.kind = Int32(EGG_OUTCOME_FAILED)
      withUnsafePointer(to: error) { pointer in
        outcome.error = pointer
        done(state, &outcome)
      }
      withExtendedLifetime((code, message)) {}
      return
    }
    if let bytes {
      outcome.value = egg_value(bytes: bytes)
    } else if isWhole {
      outcome.value = egg_value(bytes: UnsafeBufferPointer(start: nil, count: 0))
    }
    done(state, &outcome)
  }

  func fail(status: Int32, code: String, _ message: String) {
    if failure == nil { failure = (status, code, message) }
    connection.closesAfterAnswer = true
    if isWanted { settle() }
  }

  /// The request is answered: who still waits for its body is told that no more of it comes.
  func abandon() {
    guard done != nil else { return }
    fail(
      status: 500, code: "EGG_BODY_ABANDONED",
      "the request was answered before its body was read")
    settle()
  }

  // MARK: after the answer

  /// Throws away what is left of the body.
  func discard() -> Draining {
    while !isOver {
      let bytes = available
      if bytes.count == 0 {
        switch readMore() {
        case .over: continue
        case .wait: return .wait
        case .broken: return .broken
        }
      }
      let count = Int(min(UInt64(bytes.count), left))
      left -= UInt64(count)
      use(count)
      if left == 0 { isOver = true }
    }
    return .over
  }

  /// The exchange is over: leaves in `input` what already belongs to the next request.
  func surrender(_ input: inout ByteBuffer?) {
    let worker = connection.worker
    if usesOwnWire {
      worker.buffers.giveBack(headBuffer)
      input = wire
    } else {
      headBuffer.consume(used)
      input = headBuffer
    }
    if let gathered { worker.buffers.giveBack(gathered) }
    gathered = nil
  }
}
