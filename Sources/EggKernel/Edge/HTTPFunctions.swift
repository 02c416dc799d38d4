import EggHTTPSemantics
import Glibc
import PluginABI

/// `egg.http/1`, the request's half.
enum HTTPFunctions {
  static var table: egg_http {
    egg_http(
      size: UInt32(MemoryLayout<egg_http>.size), flags: 0, request: request, header: header,
      header_at: headerAt, param: param, param_at: paramAt, route: route, body: body,
      set_body: setBody, raw_body: rawBody, read_all: readAll, read_some: readSome,
      status: status, set_status: setStatus, response_header: responseHeader,
      set_header: setHeader, add_header: addHeader, remove_header: removeHeader,
      response_header_at: responseHeaderAt, header_sent: headerSent, set_response: setResponse,
      set_response_payload: setResponsePayload, set_response_file: setResponseFile,
      set_response_stream: setResponseStream, response: response, forget: forget,
      stream_write: streamWrite, stream_write_payload: streamWritePayload, stream_end: streamEnd,
      stream_abort: streamAbort, cancel_on_end: cancelOnEnd, capture_at: captureAt,
      matched_at: matchedAt, set_route_path: setRoutePath, response_length: responseLength,
      take_response_file: takeResponseFile, take_response_stream: takeResponseStream,
      stream_resume: streamResume, stream_drop: streamDrop, path_filter: pathFilter,
      admits: admits, peer_certificate: peerCertificate)
  }

  private static let cancelOnEnd: @convention(c) (HostTable, egg_call) -> egg_status = {
    host, token in
    guard let context = context(host, token) else { return missing(host, token, "cancel_on_end") }
    context.connection?.cancelsOnEnd()
    return egg_status(EGG_OK)
  }

  @inline(__always)
  static func context(_ host: HostTable, _ token: egg_call) -> Context? {
    HostFunctions.find(HostFunctions.unit(host), token)?.context
  }

  static func missing(_ host: HostTable, _ token: egg_call, _ operation: String) -> egg_status {
    HostFunctions.missing(HostFunctions.unit(host), token, operation)
  }

  private static let request:
    @convention(c) (HostTable, egg_call, UnsafeMutablePointer<egg_request>) -> egg_status = {
      host, token, out in
      guard let context = context(host, token) else { return missing(host, token, "request") }
      let head = context.head
      let base = context.base
      var request = egg_request()
      request.version = head.minorVersion == 0 ? 10 : 11
      request.method = context.methodText
      request.path = egg_str(head.path.bytes(in: base))
      request.query = egg_str(head.query.bytes(in: base))
      request.host = egg_str(head.host.bytes(in: base))
      // Of an absolute form only path and query are left, which lie side by side.
      request.target =
        head.targetForm == .absolute
        ? egg_str(
          base + head.path.start,
          count: head.path.count + (head.hasQuery ? head.query.count + 1 : 0))
        : egg_str(head.target.bytes(in: base))
      if let connection = context.connection ?? context.remains?.connection {
        request.remote_address = connection.remoteAddress
        request.remote_port = connection.remotePort
        request.local_port = connection.localPort
        if connection.tls != nil { request.flags |= UInt32(EGG_REQUEST_SECURE) }
      } else {
        request.remote_address = egg_str("127.0.0.1")
        request.remote_port = 7001
        request.flags |= UInt32(EGG_REQUEST_ANONYMOUS)
        if context.isSecure { request.flags |= UInt32(EGG_REQUEST_SECURE) }
      }
      request.header_count = UInt32(context.fields.count)
      if head.wantsUpgrade { request.flags |= UInt32(EGG_REQUEST_UPGRADE) }
      request.started_ms = context.startedMilliseconds
      request.started_ns = context.startedNanoseconds
      switch head.framing {
      case .none: request.body_length = 0
      case .contentLength(let length): request.body_length = Int64(clamping: length)
      case .chunked: request.body_length = -1
      }
      return fill(out, with: request)
    }

  private static let header:
    @convention(c) (HostTable, egg_call, egg_str, UInt32, UnsafeMutablePointer<egg_str>)
      -> egg_status = { host, token, name, nth, out in
        guard let context = context(host, token) else { return missing(host, token, "header") }
        guard name.isPlausible else { return Status.argument }
        guard
          let range = context.fields.header(named: name.bytes, nth: Int(nth), in: context.base)
        else { return Status.notFound }
        out.pointee = egg_str(range.bytes(in: context.base))
        return Status.ok
      }

  private static let headerAt:
    @convention(c) (
      HostTable, egg_call, UInt32, UnsafeMutablePointer<egg_str>, UnsafeMutablePointer<egg_str>
    ) -> egg_status = { host, token, index, name, value in
      guard let context = context(host, token) else { return missing(host, token, "header_at") }
      guard Int(index) < context.fields.count else { return Status.notFound }
      let field = context.fields[Int(index)]
      name.pointee = egg_str(field.name.bytes(in: context.base))
      value.pointee = egg_str(field.value.bytes(in: context.base))
      return Status.ok
    }

  private static let param:
    @convention(c) (HostTable, egg_call, egg_str, UnsafeMutablePointer<egg_str>) -> egg_status = {
      host, token, name, out in
      guard name.isPlausible else { return Status.argument }
      let status = CallSlots.withContext(token) { context in
        guard let value = context.parameter(name) else { return Status.notFound }
        out.pointee = value
        return Status.ok
      }
      return status ?? missing(host, token, "param")
    }

  private static let paramAt:
    @convention(c) (
      HostTable, egg_call, UInt32, UnsafeMutablePointer<egg_str>, UnsafeMutablePointer<egg_str>
    ) -> egg_status = { host, token, index, name, value in
      guard let context = context(host, token) else { return missing(host, token, "param_at") }
      let all = context.parameters()
      guard all.indices.contains(Int(index)) else { return Status.notFound }
      name.pointee = context.text(all[Int(index)].name)
      value.pointee = context.text(all[Int(index)].value)
      return Status.ok
    }

  private static let route:
    @convention(c) (
      HostTable, egg_call, UnsafeMutablePointer<egg_str>, UnsafeMutablePointer<egg_str>
    ) -> egg_status = { host, token, name, pattern in
      guard let context = context(host, token) else { return missing(host, token, "route") }
      let record = context.route?.takeUnretainedValue()
      name.pointee = record?.nameText.value ?? egg_str()
      pattern.pointee = record?.patternText.value ?? egg_str()
      return Status.ok
    }

  // MARK: the request's body

  private static let body:
    @convention(c) (HostTable, egg_call, UnsafeMutablePointer<egg_value>) -> egg_status = {
      host, token, out in
      guard let context = context(host, token) else { return missing(host, token, "body") }
      out.pointee =
        context.parsedBody.kind == Kind.undefined
        ? egg_value(pairs: nil, count: 0) : context.parsedBody
      return Status.ok
    }

  private static let setBody:
    @convention(c) (HostTable, egg_call, UnsafePointer<egg_value>) -> egg_status = {
      host, token, value in
      guard let context = context(host, token) else { return missing(host, token, "set_body") }
      do throws(TreeRefusal) {
        context.parsedBody = try context.adopt(value.pointee)
        return Status.ok
      } catch {
        return error.status
      }
    }

  private static let rawBody:
    @convention(c) (HostTable, egg_call, UnsafeMutablePointer<egg_str>) -> egg_status = {
      host, token, out in
      guard let context = context(host, token) else { return missing(host, token, "raw_body") }
      guard context.hasRawBody else { return Status.notFound }
      out.pointee = context.rawBody
      return Status.ok
    }

  private static let readAll:
    @convention(c) (HostTable, egg_call, Int, egg_done, UnsafeMutableRawPointer?) -> egg_status = {
      host, token, limit, done, state in
      guard let context = context(host, token) else { return missing(host, token, "read_all") }
      guard limit >= 0 else { return Status.argument }
      return context.readAll(limit: limit, done, state)
    }

  private static let readSome:
    @convention(c) (HostTable, egg_call, egg_done, UnsafeMutableRawPointer?) -> egg_status = {
      host, token, done, state in
      guard let context = context(host, token) else { return missing(host, token, "read_some") }
      return context.readSome(done, state)
    }

  // MARK: streams

  static func stream(_ host: HostTable, _ token: UInt64) -> ProducedStream? {
    let worker = HostFunctions.unit(host).worker
    guard worker.isOnLoop else { return nil }
    return worker.streams.find(token)
  }

  private static let streamWrite: @convention(c) (HostTable, UInt64, egg_str) -> egg_status = {
    host, token, bytes in
    guard let stream = stream(host, token) else { return missing(host, egg_call(), "stream_write") }
    guard bytes.isPlausible else { return Status.argument }
    return stream.write(bytes.bytes)
  }

  private static let streamWritePayload:
    @convention(c) (HostTable, UInt64, egg_payload) -> egg_status = { host, token, payload in
      guard let stream = stream(host, token) else {
        payload.release?(payload.state)
        return missing(host, egg_call(), "stream_write_payload")
      }
      return stream.write(payload)
    }

  private static let streamEnd: @convention(c) (HostTable, UInt64) -> egg_status = { host, token in
    guard let stream = stream(host, token) else { return missing(host, egg_call(), "stream_end") }
    return stream.finish()
  }

  private static let streamAbort: @convention(c) (HostTable, UInt64) -> egg_status = {
    host, token in
    guard let stream = stream(host, token) else { return missing(host, egg_call(), "stream_abort") }
    stream.abort()
    return Status.ok
  }
}
