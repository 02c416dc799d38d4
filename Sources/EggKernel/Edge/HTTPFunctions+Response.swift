import EggHTTPSemantics
import Glibc
import PluginABI

/// `egg.http/1`, the response's half.
extension HTTPFunctions {
  static let status:
    @convention(c) (HostTable, egg_call, UnsafeMutablePointer<Int32>) -> egg_status = {
      host, token, out in
      guard let context = context(host, token) else { return missing(host, token, "status") }
      out.pointee = context.currentStatus
      return Status.ok
    }

  static let setStatus: @convention(c) (HostTable, egg_call, Int32) -> egg_status = {
    host, token, code in
    guard let context = context(host, token) else { return missing(host, token, "set_status") }
    guard (100...999).contains(code) else { return Status.argument }
    context.status = code
    context.isStatusSet = true
    if statusForbidsBody(Int(code)) { context.body.release() }
    return Status.ok
  }

  static let responseHeader:
    @convention(c) (HostTable, egg_call, egg_str, UInt32, UnsafeMutablePointer<egg_str>)
      -> egg_status = { host, token, name, nth, out in
        guard let context = context(host, token) else {
          return missing(host, token, "response_header")
        }
        guard name.isPlausible else { return Status.argument }
        if let index = context.responseHead.index(of: name.bytes, nth: Int(nth)) {
          out.pointee = egg_str(context.responseHead.value(at: index))
          return Status.ok
        }
        // The type a body implies is there for everyone who looks, though nobody has set it.
        let contentType: StaticString = "content-type"
        if nth == 0, name.len == 12, let line = context.implicitType,
          equalIgnoringCase(name.bytes.baseAddress!, contentType.utf8Start, count: 12)
        {
          out.pointee = egg_str(line.utf8Start + 14, count: line.utf8CodeUnitCount - 16)
          return Status.ok
        }
        return Status.notFound
      }

  private static func checkField(_ name: egg_str, _ value: egg_str) -> Bool {
    name.isPlausible && value.isPlausible && isToken(name.bytes) && isFieldValue(value.bytes)
  }

  private static func refuseField(_ host: HostTable, _ name: egg_str) -> egg_status {
    let unit = HostFunctions.unit(host)
    // It may be a client's text: no line ends for the log either.
    let shown = String(
      decoding: (name.isPlausible ? name.bytes : egg_str("?").bytes).prefix(64).map { byte in
        byte < 0x20 || byte == 0x7F ? UInt8(ascii: "?") : byte
      }, as: UTF8.self)
    unit.worker.log.misuse(
      unit, "set_header",
      "\"\(shown)\": a name is a token, and a value has no CR, LF or NUL; nothing was set")
    return Status.argument
  }

  static let setHeader: @convention(c) (HostTable, egg_call, egg_str, egg_str) -> egg_status = {
    host, token, name, value in
    guard let context = context(host, token) else { return missing(host, token, "set_header") }
    guard checkField(name, value) else { return refuseField(host, name) }
    return context.responseHead.set(name.bytes, value.bytes) ? Status.ok : Status.limit
  }

  static let addHeader: @convention(c) (HostTable, egg_call, egg_str, egg_str) -> egg_status = {
    host, token, name, value in
    guard let context = context(host, token) else { return missing(host, token, "add_header") }
    guard checkField(name, value) else { return refuseField(host, name) }
    return context.responseHead.add(name.bytes, value.bytes) ? Status.ok : Status.limit
  }

  static let removeHeader: @convention(c) (HostTable, egg_call, egg_str) -> egg_status = {
    host, token, name in
    guard let context = context(host, token) else { return missing(host, token, "remove_header") }
    guard name.isPlausible else { return Status.argument }
    return context.responseHead.remove(name.bytes) ? Status.ok : Status.notFound
  }

  static let responseHeaderAt:
    @convention(c) (
      HostTable, egg_call, UInt32, UnsafeMutablePointer<egg_str>, UnsafeMutablePointer<egg_str>
    ) -> egg_status = { host, token, index, name, value in
      guard let context = context(host, token) else {
        return missing(host, token, "response_header_at")
      }
      guard context.responseHead.fields.indices.contains(Int(index)) else { return Status.notFound }
      name.pointee = egg_str(context.responseHead.name(at: Int(index)))
      value.pointee = egg_str(context.responseHead.value(at: Int(index)))
      return Status.ok
    }

  static let headerSent: @convention(c) (HostTable, egg_call) -> Bool = { host, token in
    context(host, token)?.isAnswered ?? true
  }

  static let setResponse:
    @convention(c) (HostTable, egg_call, egg_body_kind, egg_str) -> egg_status = {
      host, token, kind, bytes in
      guard bytes.isPlausible, let kind = simpleKind(kind) else { return Status.argument }
      let status = CallSlots.withContext(token) { context in
        guard let copy = context.arena.copy(bytes.bytes) else { return Status.limit }
        context.body.release()
        context.body.kind = kind
        context.body.bytes = copy
        return Status.ok
      }
      return status ?? missing(host, token, "set_response")
    }

  static let setResponsePayload:
    @convention(c) (HostTable, egg_call, egg_body_kind, egg_payload) -> egg_status = {
      host, token, kind, payload in
      guard let context = context(host, token) else {
        payload.release?(payload.state)
        return missing(host, token, "set_response_payload")
      }
      guard payload.count == 0 || payload.bytes != nil, let kind = simpleKind(kind) else {
        payload.release?(payload.state)
        return Status.argument
      }
      context.body.release()
      context.body.kind = kind
      if context.body.isEmpty {
        payload.release?(payload.state)
        return Status.ok
      }
      context.body.payload = payload
      context.body.bytes = UnsafeBufferPointer(start: payload.bytes, count: payload.count)
      return Status.ok
    }

  private static func simpleKind(_ kind: egg_body_kind) -> egg_body_kind? {
    switch kind {
    case egg_body_kind(EGG_BODY_UNSET), egg_body_kind(EGG_BODY_NULL), egg_body_kind(EGG_BODY_TEXT),
      egg_body_kind(EGG_BODY_BYTES), egg_body_kind(EGG_BODY_JSON):
      kind
    default: nil
    }
  }

  static let setResponseFile:
    @convention(c) (HostTable, egg_call, Int32, Int64, Int64) -> egg_status = {
      host, token, descriptor, offset, length in
      guard let context = context(host, token) else {
        if descriptor >= 0 { close(descriptor) }
        return missing(host, token, "set_response_file")
      }
      var facts = stat()
      guard descriptor >= 0, offset >= 0, fstat(descriptor, &facts) == 0,
        facts.st_mode & S_IFMT == S_IFREG, offset <= facts.st_size
      else {
        if descriptor >= 0 { close(descriptor) }
        return Status.argument
      }
      let rest = Int64(facts.st_size) - offset
      context.body.release()
      context.body.kind = egg_body_kind(EGG_BODY_FILE)
      context.body.file = descriptor
      context.body.offset = offset
      context.body.length = length < 0 ? rest : min(length, rest)
      return Status.ok
    }

  static let setResponseStream:
    @convention(c) (HostTable, egg_call, UnsafePointer<egg_stream_source>) -> egg_status = {
      host, token, source in
      guard let context = context(host, token) else {
        return missing(host, token, "set_response_stream")
      }
      guard let table = adopt(source, as: egg_stream_source.self) else { return Status.unsupported }
      guard table.start != nil, table.closed != nil else { return Status.argument }
      context.body.release()
      context.body.kind = egg_body_kind(EGG_BODY_STREAM)
      context.body.source = table
      return Status.ok
    }

  static let response:
    @convention(c) (
      HostTable, egg_call, UnsafeMutablePointer<egg_body_kind>, UnsafeMutablePointer<egg_str>
    ) -> egg_status = { host, token, kind, bytes in
      guard let context = context(host, token) else { return missing(host, token, "response") }
      kind.pointee = context.body.kind
      bytes.pointee = egg_str(context.body.bytes)
      return Status.ok
    }

  static let forget: @convention(c) (HostTable, egg_call) -> egg_status = { host, token in
    guard let context = context(host, token) else { return missing(host, token, "forget") }
    context.isForgotten = true
    return Status.ok
  }
}

extension Context {
  /// The status as a layer sees it: Koa shows 404 until a body or status is set.
  var currentStatus: Int32 {
    if isStatusSet { return status }
    switch body.kind {
    case egg_body_kind(EGG_BODY_UNSET): return 404
    case egg_body_kind(EGG_BODY_NULL): return 204
    default: return 200
    }
  }

  func readAll(limit: Int, _ done: @escaping egg_done, _ state: UnsafeMutableRawPointer?)
    -> egg_status
  {
    if remains != nil { return lostBody(done, state) }
    guard let reader = connection?.bodyReader else { return emptyBody(whole: true, done, state) }
    return reader.readAll(limit: limit, done, state)
  }

  func readSome(_ done: @escaping egg_done, _ state: UnsafeMutableRawPointer?) -> egg_status {
    if remains != nil { return lostBody(done, state) }
    guard let reader = connection?.bodyReader else { return emptyBody(whole: false, done, state) }
    return reader.readSome(done, state)
  }

  private func lostBody(_ done: @escaping egg_done, _ state: UnsafeMutableRawPointer?)
    -> egg_status
  {
    let error = makeError(
      status: 400, code: "EGG_CLIENT_GONE", message: "the client closed the connection",
      expose: true)
    holds &+= 1
    worker.turn.push(
      .run { [self] in
        var outcome = egg_outcome()
        outcome.size = UInt32(MemoryLayout<egg_outcome>.size)
        outcome.kind = Int32(EGG_OUTCOME_FAILED)
        outcome.error = error
        done(state, &outcome)
        holds &-= 1
        recycleIfOver()
      })
    return Status.ok
  }

  private func emptyBody(
    whole: Bool, _ done: @escaping egg_done, _ state: UnsafeMutableRawPointer?
  ) -> egg_status {
    worker.turn.push(
      .run {
        var outcome = egg_outcome()
        outcome.size = UInt32(MemoryLayout<egg_outcome>.size)
        if whole { outcome.value = egg_value(bytes: UnsafeBufferPointer(start: nil, count: 0)) }
        done(state, &outcome)
      })
    return Status.ok
  }
}
