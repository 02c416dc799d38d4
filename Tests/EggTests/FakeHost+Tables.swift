import Glibc
import PluginABI

@testable import Egg

/// The optional interfaces of the fake kernel.
nonisolated extension FakeKernel {
  private static func request(_ h: UnsafePointer<egg_host>, _ call: egg_call) -> FakeRequest? {
    of(h).calls[call.token]?.request
  }

  private static func lend(_ text: String, _ request: FakeRequest) -> egg_str {
    request.memory.text(text)
  }

  func fillHTTP() {
    http.pointee.size = UInt32(MemoryLayout<egg_http>.size)
    http.pointee.request = { h, call, out in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      let parts = request.target.split(
        separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
      var head = egg_request()
      head.size = out.pointee.size
      head.version = 11
      head.method = FakeKernel.lend(request.method, request)
      head.target = FakeKernel.lend(request.target, request)
      head.path = FakeKernel.lend(String(parts[0]), request)
      head.query = FakeKernel.lend(parts.count > 1 ? String(parts[1]) : "", request)
      let host = request.headers.first { $0.0.lowercased() == "host" }?.1 ?? ""
      head.host = FakeKernel.lend(host, request)
      head.remote_address = FakeKernel.lend(request.remoteAddress, request)
      head.header_count = UInt32(request.headers.count)
      head.flags = request.isSecure ? UInt32(EGG_REQUEST_SECURE) : 0
      out.pointee = head
      return 0
    }
    http.pointee.header = { h, call, name, nth, out in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      let found = request.headers.filter { $0.0.lowercased() == name.string.lowercased() }
      guard Int(nth) < found.count else { return egg_status(EGG_E_NOT_FOUND) }
      out.pointee = FakeKernel.lend(found[Int(nth)].1, request)
      return 0
    }
    http.pointee.header_at = { h, call, place, name, value in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      guard Int(place) < request.headers.count else { return egg_status(EGG_E_NOT_FOUND) }
      name.pointee = FakeKernel.lend(request.headers[Int(place)].0, request)
      value.pointee = FakeKernel.lend(request.headers[Int(place)].1, request)
      return 0
    }
    http.pointee.param = { h, call, name, out in
      guard let request = FakeKernel.request(h, call),
        let found = request.params.first(where: { $0.0 == name.string })
      else { return egg_status(EGG_E_NOT_FOUND) }
      out.pointee = FakeKernel.lend(found.1, request)
      return 0
    }
    http.pointee.param_at = { h, call, place, name, value in
      guard let request = FakeKernel.request(h, call), Int(place) < request.params.count else {
        return egg_status(EGG_E_NOT_FOUND)
      }
      name.pointee = FakeKernel.lend(request.params[Int(place)].0, request)
      value.pointee = FakeKernel.lend(request.params[Int(place)].1, request)
      return 0
    }
    http.pointee.body = { h, call, out in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      out.pointee = request.memory.lay(request.body)
      return 0
    }
    http.pointee.set_body = { h, call, value in
      FakeKernel.request(h, call)?.body = Value(value.pointee, host: FakeKernel.of(h).host)
      return 0
    }
    http.pointee.status = { h, call, out in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      out.pointee = Int32(request.status)
      return 0
    }
    http.pointee.set_status = { h, call, code in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      guard (100...999).contains(code) else { return egg_status(EGG_E_ARGUMENT) }
      request.status = Int(code)
      request.statusWasSet = true
      return 0
    }
    http.pointee.response_header = { h, call, name, nth, out in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      let found = request.responseHeaders.filter { $0.0.lowercased() == name.string.lowercased() }
      guard Int(nth) < found.count else { return egg_status(EGG_E_NOT_FOUND) }
      out.pointee = FakeKernel.lend(found[Int(nth)].1, request)
      return 0
    }
    http.pointee.set_header = { h, call, name, value in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      if value.string.contains(where: { $0 == "\r" || $0 == "\n" || $0 == "\r\n" }) {
        return egg_status(EGG_E_ARGUMENT)
      }
      request.responseHeaders.removeAll { $0.0.lowercased() == name.string.lowercased() }
      request.responseHeaders.append((name.string, value.string))
      return 0
    }
    http.pointee.add_header = { h, call, name, value in
      FakeKernel.request(h, call)?.responseHeaders.append((name.string, value.string))
      return 0
    }
    http.pointee.remove_header = { h, call, name in
      FakeKernel.request(h, call)?.responseHeaders.removeAll {
        $0.0.lowercased() == name.string.lowercased()
      }
      return 0
    }
    http.pointee.header_sent = { _, _ in false }
    http.pointee.set_response = { h, call, kind, bytes in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      request.kind = Int(kind)
      request.bytes = Array(bytes.bytes)
      if !request.statusWasSet { request.status = Int(kind) == EGG_BODY_NULL ? 204 : 200 }
      return 0
    }
    http.pointee.set_response_file = { h, call, descriptor, offset, length in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      request.kind = Int(EGG_BODY_FILE)
      request.file = (descriptor, Int(offset), Int(length))
      if !request.statusWasSet { request.status = 200 }
      close(descriptor)
      return 0
    }
    http.pointee.set_response_stream = { h, call, source in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      let kernel = FakeKernel.of(h)
      let id = UInt64(kernel.streams.count + 1)
      request.kind = Int(EGG_BODY_STREAM)
      kernel.streams[id] = (request, source.pointee)
      kernel.queue.append { kernel.streams[id]!.1.start(kernel.streams[id]!.1.`self`, id) }
      return 0
    }
    http.pointee.response = { h, call, kind, bytes in
      guard let request = FakeKernel.request(h, call) else { return egg_status(EGG_E_STALE) }
      kind.pointee = egg_body_kind(request.kind)
      bytes.pointee = FakeKernel.lend(request.text, request)
      return 0
    }
    http.pointee.stream_write = { h, id, bytes in
      let kernel = FakeKernel.of(h)
      guard let (request, source) = kernel.streams[id] else { return egg_status(EGG_E_STALE) }
      request.streamed += bytes.bytes
      guard bytes.len >= kernel.streamRoom else { return 0 }
      kernel.queue.append { source.writable?(source.`self`, id) }
      return egg_status(EGG_E_AGAIN)
    }
    http.pointee.stream_end = { h, id in
      let kernel = FakeKernel.of(h)
      guard let (request, source) = kernel.streams.removeValue(forKey: id) else {
        return egg_status(EGG_E_STALE)
      }
      kernel.queue.append {
        request.streamComplete = true
        source.closed(source.`self`, true)
      }
      return 0
    }
    http.pointee.stream_abort = { h, id in
      let kernel = FakeKernel.of(h)
      guard let (request, source) = kernel.streams.removeValue(forKey: id) else {
        return egg_status(EGG_E_STALE)
      }
      kernel.queue.append {
        request.streamComplete = false
        source.closed(source.`self`, false)
      }
      return 0
    }
  }

  func fillRouter() {
    router.pointee.size = UInt32(MemoryLayout<egg_router>.size)
    router.pointee.add_route = { h, route, message in
      let route = route.pointee
      let handlers = UnsafeBufferPointer(start: route.handlers, count: Int(route.handler_count))
      FakeKernel.of(h).routes.append(
        FakeRoute(
          name: route.name.string, methods: route.methods.string, path: route.path.string,
          controller: route.controller.string, file: route.file.string, line: Int(route.line),
          flags: Int(route.flags), handlers: Array(handlers)))
      if route.path.string.contains("(((") {
        message.pointee = egg_str("the path has an open group")
        return egg_status(EGG_E_ARGUMENT)
      }
      return 0
    }
    router.pointee.add_resources = { h, route, actions, count, _ in
      let names = (0..<Int(count)).map { actions[$0].pointee.action.string }
      FakeKernel.of(h).resources.append(
        (route.pointee.name.string, route.pointee.path.string, names))
      return 0
    }
    router.pointee.add_redirect = { h, from, to, status, _ in
      FakeKernel.of(h).redirects.append((from.string, to.string, Int(status)))
      return 0
    }
    router.pointee.add_param = { _, _, _ in 0 }
    router.pointee.set_prefix = { _, _ in 0 }
    router.pointee.url = { h, _, name, params, out in
      let kernel = FakeKernel.of(h)
      let id = params.map { Value($0.pointee, host: kernel.host).id.description } ?? ""
      out.pointee = kernel.memory.text(name.string == "user" ? "/user/\(id)" : "")
      return 0
    }
  }

  func fillOthers() {
    loop.pointee.size = UInt32(MemoryLayout<egg_loop>.size)
    loop.pointee.now_ns = { _ in
      var time = timespec()
      clock_gettime(CLOCK_MONOTONIC, &time)
      return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
    loop.pointee.offload = { h, work, done, state in
      let kernel = FakeKernel.of(h)
      let answer = work(state)
      kernel.queue.append {
        var outcome = egg_outcome()
        outcome.kind = answer == 0 ? 0 : Int32(EGG_OUTCOME_FAILED)
        done(state, &outcome)
      }
      return 0
    }
    loop.pointee.timer = { h, _, _, fire, state, token in
      token.pointee = 1
      FakeKernel.of(h).queue.append { fire(state) }
      return 0
    }
    loop.pointee.cancel_timer = { _, _ in 0 }
    loop.pointee.post = { h, job, state in
      FakeKernel.of(h).queue.append { job(state) }
      return 0
    }
    app.pointee.size = UInt32(MemoryLayout<egg_app>.size)
    app.pointee.info = { h, out in
      let kernel = FakeKernel.of(h)
      out.pointee.process = UInt32(kernel.process)
      out.pointee.name = kernel.memory.text("sample")
      out.pointee.env = kernel.memory.text("unittest")
      return 0
    }
    app.pointee.unit = { _, _, _ in egg_status(EGG_E_NOT_FOUND) }
    app.pointee.`self` = { _, _ in 0 }
    app.pointee.context_create = { h, request, out in
      let kernel = FakeKernel.of(h)
      let value = request.map { Value($0.pointee, host: kernel.host) } ?? [:]
      let made = FakeRequest(value.method.string ?? "GET", value.url.string ?? "/")
      out.pointee = kernel.call(made, .context)
      return 0
    }
    app.pointee.on = { h, event, heard, state in
      FakeKernel.of(h).listeners.append((event.string, heard, state))
      return 0
    }
    app.pointee.emit = { h, call, event, value in
      let kernel = FakeKernel.of(h)
      let copy = value.map { Value($0.pointee, host: kernel.host) } ?? .undefined
      kernel.events.append((event.string, copy))
      for (name, heard, state) in kernel.listeners where name == event.string {
        withEggValue(copy) { heard(state, call, $0) }
      }
      return 0
    }
    fillCrypto()
  }

  private func fillCrypto() {
    crypto.pointee.size = UInt32(MemoryLayout<egg_crypto>.size)
    crypto.pointee.digest = { _, name, data, out, capacity, count in
      LibCrypto.digest(String(cString: name), data, out, capacity, count)
    }
    crypto.pointee.hmac = { _, name, key, data, out, _, count in
      LibCrypto.hmac(String(cString: name), key, data, out, count)
    }
    crypto.pointee.encrypt = { _, _, key, iv, data, out, _, count in
      LibCrypto.cipher(key, iv, data, out, count, encrypts: true)
    }
    crypto.pointee.decrypt = { _, _, key, iv, data, out, _, count in
      LibCrypto.cipher(key, iv, data, out, count, encrypts: false)
    }
    crypto.pointee.equal = { _, a, b in a.string == b.string }
  }
}

/// The system's libcrypto, without linking it.
nonisolated enum LibCrypto {
  private nonisolated(unsafe) static let library = dlopen("libcrypto.so.3", RTLD_NOW)
  private static func symbol<T>(_ name: String, _ type: T.Type) -> T {
    unsafeBitCast(dlsym(library, name)!, to: type)
  }
  typealias Algorithm = @convention(c) () -> OpaquePointer

  static func digest(
    _ name: String, _ data: egg_str, _ out: UnsafeMutablePointer<UInt8>, _ capacity: Int,
    _ count: UnsafeMutablePointer<Int>
  ) -> egg_status {
    typealias Digest =
      @convention(c) (
        UnsafeRawPointer?, Int, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt32>,
        OpaquePointer, OpaquePointer?
      ) -> Int32
    var length: UInt32 = 0
    let algorithm = symbol("EVP_\(name)", Algorithm.self)()
    _ = symbol("EVP_Digest", Digest.self)(data.ptr, data.len, out, &length, algorithm, nil)
    count.pointee = Int(length)
    return 0
  }

  static func hmac(
    _ name: String, _ key: egg_str, _ data: egg_str, _ out: UnsafeMutablePointer<UInt8>,
    _ count: UnsafeMutablePointer<Int>
  ) -> egg_status {
    typealias HMAC =
      @convention(c) (
        OpaquePointer, UnsafeRawPointer?, Int32, UnsafeRawPointer?, Int,
        UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<UInt32>
      ) -> UnsafeMutablePointer<UInt8>?
    var length: UInt32 = 0
    let algorithm = symbol("EVP_\(name)", Algorithm.self)()
    _ = symbol("HMAC", HMAC.self)(
      algorithm, key.ptr, Int32(key.len), data.ptr, data.len, out, &length)
    count.pointee = Int(length)
    return 0
  }

  static func cipher(
    _ key: egg_str, _ iv: egg_str, _ data: egg_str, _ out: UnsafeMutablePointer<UInt8>,
    _ count: UnsafeMutablePointer<Int>, encrypts: Bool
  ) -> egg_status {
    typealias Make = @convention(c) () -> OpaquePointer
    typealias Free = @convention(c) (OpaquePointer) -> Void
    typealias Begin =
      @convention(c) (
        OpaquePointer, OpaquePointer, OpaquePointer?, UnsafeRawPointer?, UnsafeRawPointer?, Int32
      ) -> Int32
    typealias Update =
      @convention(c) (
        OpaquePointer, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int32>, UnsafeRawPointer?,
        Int32
      ) -> Int32
    typealias Final =
      @convention(c) (
        OpaquePointer, UnsafeMutablePointer<UInt8>, UnsafeMutablePointer<Int32>
      ) -> Int32
    let context = symbol("EVP_CIPHER_CTX_new", Make.self)()
    defer { symbol("EVP_CIPHER_CTX_free", Free.self)(context) }
    let algorithm = symbol("EVP_aes_256_cbc", Algorithm.self)()
    var (first, second): (Int32, Int32) = (0, 0)
    _ = symbol("EVP_CipherInit_ex", Begin.self)(
      context, algorithm, nil, key.ptr, iv.ptr, encrypts ? 1 : 0)
    _ = symbol("EVP_CipherUpdate", Update.self)(context, out, &first, data.ptr, Int32(data.len))
    guard symbol("EVP_CipherFinal_ex", Final.self)(context, out + Int(first), &second) == 1 else {
      return egg_status(EGG_E_FAILED)
    }
    count.pointee = Int(first + second)
    return 0
  }
}
