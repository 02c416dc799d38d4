import EggHTTPSemantics
import Glibc
import PluginABI

/// Turning what the layers set into bytes on the wire: one head, one write.
///
/// - Source: Koa's `respond` for the rules on status and empty bodies; RFC 9110 §6.4, §8.6 and
///   RFC 9112 §6 for framing.
extension Context {
  func respond(on connection: Connection) {
    connection.bodyReader?.abandon()
    if let failure = chainFailure {
      chainFailure = nil
      worker.answerFailure(failure, on: self)
    }
    if isForgotten { return forgotten(connection) }
    if takeover != nil, let reader = connection.bodyReader, !reader.isOver {
      // Bytes of the body would be taken for the new protocol's (RFC 9110 §7.8).
      worker.answerFailure(
        makeError(
          status: 400, code: "EGG_UPGRADE_BODY",
          message: "an upgrade with a request body that nobody has read", expose: true),
        on: self)
    }
    if let takeover { return upgrade(connection, takeover) }
    connection.state = .answering
    isAnswered = true
    if body.kind == egg_body_kind(EGG_BODY_UNSET), !isStatusSet || status == 404 {
      worker.answerNotFound(self)
    }
    settleStatus()
    send(on: connection)
  }

  /// A unit answered in its own way and the connection can't be trusted to be in step any more.
  private func forgotten(_ connection: Connection) {
    connection.closesAfterAnswer = true
    connection.state = .answering
    connection.answerEnded()
  }

  /// Koa's rules: no status and a body is 200, a body of nothing is 204, some statuses have no body, a
  /// status without a body says its reason.
  private func settleStatus() {
    if isStatusSet, status < 200 {
      // The client would wait for the final answer behind it.
      worker.log.write(
        egg_level(EGG_LOG_WARN), "status \(status) is not a final one; 500 was sent", context: self)
      status = 500
      body.release()
    }
    switch body.kind {
    case egg_body_kind(EGG_BODY_UNSET):
      guard !statusForbidsBody(Int(status)) else { break }
      let reason = reasonPhrase(Int(status))
      body.kind = egg_body_kind(EGG_BODY_TEXT)
      if reason.utf8CodeUnitCount > 0 {
        body.bytes = UnsafeBufferPointer(
          start: reason.utf8Start, count: reason.utf8CodeUnitCount)
      } else {
        body.bytes = text(String(status)).bytes
      }
    case egg_body_kind(EGG_BODY_NULL):
      if !isStatusSet { status = 204 }
    default:
      if !isStatusSet { status = 200 }
    }
    if statusForbidsBody(Int(status)) {
      body.release()
      responseHead.remove("content-type")
      responseHead.remove("content-length")
      responseHead.remove("transfer-encoding")
    }
  }

  private func send(on connection: Connection) {
    connection.outbox.buffer(&worker.buffers)._withUnsafeGuaranteedRef {
      send(on: connection, $0)
    }
  }

  private func send(on connection: Connection, _ out: ByteBuffer) {
    let before = out.count
    out.appendStatusLine(Int(status))
    let hasFields = !responseHead.fields.isEmpty
    if hasFields { appendFields(to: out) }
    if let type = implicitType, !hasFields || !responseHead.contains("content-type") {
      out.append(type)
    }
    let isHead = head.method == .head
    let plan = bodyPlan()
    switch plan {
    case .none: sentBytes = 0
    case .bytes(let count): sentBytes = isHead ? 0 : count
    case .file(let length): sentBytes = isHead ? 0 : Int(length)
    case .stream: sentBytes = isHead ? 0 : -1
    }
    switch plan {
    case .none:
      let statesLength = isHead && hasFields && responseHead.contains("content-length")
      if !statusForbidsBody(Int(status)), !statesLength {
        out.append("Content-Length: 0\r\n")
      }
    case .bytes(let count):
      out.appendContentLength(count)
    case .file(let length):
      out.appendContentLength(Int(length))
    case .stream(let length):
      if length >= 0 {
        out.appendContentLength(Int(length))
      } else if head.minorVersion >= 1 {
        out.append("Transfer-Encoding: chunked\r\n")
      } else {
        connection.closesAfterAnswer = true
      }
    }
    out.append(worker.dateLine())
    if worker.measuresLayers { appendTimings(to: out) }
    if worker.showsReadTime {
      out.append("X-Readtime: ")
      out.appendDecimal((monotonicNanoseconds() &- startedNanoseconds) / 1_000_000)
      out.append("\r\n")
    }
    if let reader = connection.bodyReader, !reader.isOver, !reader.isWorthDraining {
      connection.closesAfterAnswer = true
    }
    if worker.isDraining { connection.closesAfterAnswer = true }
    if connection.closesAfterAnswer {
      out.append("Connection: close\r\n")
    } else if head.minorVersion == 0 {
      out.append("Connection: keep-alive\r\n")
    }
    out.appendHeadEnd()
    connection.outbox.appended(out.count - before)

    if isHead { return connection.answerEnded() }
    switch plan {
    case .none:
      connection.answerEnded()
    case .bytes(let count):
      if let payload = body.takePayload() {
        connection.outbox.append(payload, &worker.buffers)
        connection.releaseSent()
      } else if count <= 64 * 1024 {
        // Right behind the head.
        out.append(body.bytes)
        connection.outbox.appended(count)
      } else {
        connection.outbox.append(lentBody(), &worker.buffers)
      }
      connection.answerEnded()
    case .file(let length):
      connection.outbox.append(file: body.file, offset: body.offset, length: length)
      body.handOver()
      connection.answerEnded()
    case .stream(let length):
      let source = body.source!
      body.handOver()
      let isChunked = length < 0 && head.minorVersion >= 1
      let stream = BodyStream(connection, source, isChunked: isChunked, length: length)
      connection.stream = stream
      worker.loop.deadlines.arm(connection, in: worker.timeouts.write)
      stream.start()
    }
  }

  /// Large bytes in the context's memory: a copy that outlives it, sent without another.
  private func lentBody() -> egg_payload {
    let shared = SharedBuffer(body.bytes)
    return egg_payload(
      bytes: UnsafePointer(shared.start), count: shared.count,
      release: { Unmanaged<SharedBuffer>.fromOpaque($0!).release() },
      state: Unmanaged.passRetained(shared).toOpaque())
  }

  private enum BodyPlan {
    case none
    case bytes(Int)
    case file(Int64)
    case stream(Int64)
  }

  private func bodyPlan() -> BodyPlan {
    switch body.kind {
    case egg_body_kind(EGG_BODY_TEXT), egg_body_kind(EGG_BODY_BYTES), egg_body_kind(EGG_BODY_JSON):
      .bytes(body.payload?.count ?? body.bytes.count)
    case egg_body_kind(EGG_BODY_FILE): .file(body.length)
    case egg_body_kind(EGG_BODY_STREAM): .stream(body.source?.length ?? -1)
    default: .none
    }
  }

  /// The type that the body's kind implies, as a whole header line.
  ///
  /// - Source: Koa, `response.body=`: text that starts with `<` is HTML.
  var implicitType: StaticString? {
    switch body.kind {
    case egg_body_kind(EGG_BODY_TEXT):
      startsWithMarkup
        ? "Content-Type: text/html; charset=utf-8\r\n"
        : "Content-Type: text/plain; charset=utf-8\r\n"
    case egg_body_kind(EGG_BODY_JSON): "Content-Type: application/json; charset=utf-8\r\n"
    case egg_body_kind(EGG_BODY_BYTES), egg_body_kind(EGG_BODY_STREAM),
      egg_body_kind(EGG_BODY_FILE):
      "Content-Type: application/octet-stream\r\n"
    default: nil
    }
  }

  private var startsWithMarkup: Bool {
    let bytes =
      body.payload.map { UnsafeBufferPointer(start: $0.bytes, count: $0.count) } ?? body.bytes
    for byte in bytes {
      switch byte {
      case 0x20, 0x09, 0x0A, 0x0D, 0x0B, 0x0C: continue
      default: return byte == UInt8(ascii: "<")
      }
    }
    return false
  }

  private func appendFields(to out: ByteBuffer) {
    for index in responseHead.fields.indices {
      let name = responseHead.name(at: index)
      // Framing is the kernel's: a length or coding that a layer set for a body which another layer
      // replaced would put the connection out of step.
      if isFraming(name) {
        if name.count == 10, isClose(responseHead.value(at: index)) {
          connection?.closesAfterAnswer = true
        }
        continue
      }
      out.appendHeader(unchecked: name, responseHead.value(at: index))
    }
  }

  private func isClose(_ value: UnsafeBufferPointer<UInt8>) -> Bool {
    guard value.count == 5, let start = value.baseAddress else { return false }
    return equalIgnoringCase(start, ("close" as StaticString).utf8Start, count: 5)
  }

  private func isFraming(_ name: UnsafeBufferPointer<UInt8>) -> Bool {
    guard let start = name.baseAddress else { return true }
    switch name.count {
    case 4: return equalIgnoringCase(start, ("date" as StaticString).utf8Start, count: 4)
    case 10: return equalIgnoringCase(start, ("connection" as StaticString).utf8Start, count: 10)
    case 14:
      // A HEAD answer without a body may state the length a GET would have.
      return equalIgnoringCase(start, ("content-length" as StaticString).utf8Start, count: 14)
        && !(body.isEmpty && head.method == .head)
    case 17:
      return equalIgnoringCase(start, ("transfer-encoding" as StaticString).utf8Start, count: 17)
    default: return false
    }
  }

  private func appendTimings(to out: ByteBuffer) {
    guard !timings.isEmpty else { return }
    let now = monotonicNanoseconds()
    var totals: [(unit: Unit, time: UInt64)] = []
    for timing in timings {
      let whole = timing.whole == 0 ? now &- timing.started : timing.whole
      let own = whole > timing.inner ? whole &- timing.inner : 0
      if let index = totals.firstIndex(where: { $0.unit === timing.unit }) {
        totals[index].time &+= own
      } else {
        totals.append((timing.unit, own))
      }
    }
    out.append("Server-Timing: ")
    for (index, total) in totals.enumerated() {
      if index > 0 { out.append(", ") }
      out.append(total.unit.timingName)
      out.append(";dur=")
      let microseconds = total.time / 1000
      out.appendDecimal(microseconds / 1000)
      out.append(".")
      let rest = microseconds % 1000
      if rest < 100 { out.append("0") }
      if rest < 10 { out.append("0") }
      out.appendDecimal(rest)
    }
    out.append("\r\n")
  }
}
