import CompressEngine
import Egg
import Glibc
import PluginABI

/// The middleware `compress` as a plain function. Kept for ever.
///
/// The C interface and not a `Middleware` closure: every answer passes it and most are too small to
/// be compressed, which one comparison tells.
nonisolated final class CompressLayer {
  /// From this size on a body is compressed by another thread, and the loop serves others meanwhile.
  static let largeBody = 64 << 10

  let host: UnsafePointer<egg_host>
  let http: UnsafePointer<egg_http>
  let loop: UnsafePointer<egg_loop>
  private var settings: CompressSettings?
  /// Its tables are large; those of brotli cannot be used twice.
  private var gzip: Compressor?

  /// - Returns: nil when the kernel lacks an interface.
  init?(_ hostTable: UnsafeRawPointer) {
    host = hostTable.assumingMemoryBound(to: egg_host.self)
    guard let http = host.pointee.query(host, EGG_HTTP_ID),
      let loop = host.pointee.query(host, EGG_LOOP_ID)
    else { return nil }
    self.http = http.assumingMemoryBound(to: egg_http.self)
    self.loop = loop.assumingMemoryBound(to: egg_loop.self)
  }

  /// - Throws: when the kernel refuses it.
  func register() throws {
    var item = egg_middleware()
    item.size = UInt32(MemoryLayout<egg_middleware>.size)
    item.name = UnsafePointer(strdup("compress"))
    item.`self` = Unmanaged.passRetained(self).toOpaque()
    item.handle = handleCompress
    let status = host.pointee.add_middleware(host, &item)
    guard status == egg_status(EGG_OK) else {
      throw EggError(
        code: "EGG_COMPRESS", "middleware \"compress\": refused with status \(status)")
    }
  }

  func start(_ settings: CompressSettings) { self.settings = settings }

  // MARK: an answer

  fileprivate func handle(_ call: egg_call) -> egg_step {
    host.pointee.next(host, call, resumeCompress, Unmanaged.passUnretained(self).toOpaque())
  }

  fileprivate func resume(_ call: egg_call, _ outcome: egg_outcome) -> egg_step {
    if Int(outcome.kind) == EGG_OUTCOME_FAILED, let error = outcome.error {
      return host.pointee.fail(host, call, error)
    }
    var (kind, bytes) = (egg_body_kind(), egg_str())
    guard let settings,
      http.pointee.response(host, call, &kind, &bytes) == egg_status(EGG_OK)
    else { return egg_step(EGG_STEP_DONE) }
    if kind == EGG_BODY_FILE || kind == EGG_BODY_STREAM {
      compressOverTime(call, isFile: kind == EGG_BODY_FILE, settings)
      return egg_step(EGG_STEP_DONE)
    }
    let isWhole = kind == EGG_BODY_TEXT || kind == EGG_BODY_JSON || kind == EGG_BODY_BYTES
    guard isWhole, bytes.len >= settings.threshold, bytes.len > 0 else {
      return egg_step(EGG_STEP_DONE)
    }
    guard let coding = coding(call, settings) else { return egg_step(EGG_STEP_DONE) }
    guard bytes.len >= Self.largeBody else {
      compressNow(call, bytes.bytes, coding, settings)
      return egg_step(EGG_STEP_DONE)
    }
    return compressElsewhere(call, bytes.bytes, coding, settings)
  }

  /// What the body is to be, or nil when it stays as it is. Says in `Vary` that it depends.
  private func coding(_ call: egg_call, _ settings: CompressSettings) -> Coding? {
    var status: Int32 = 0
    _ = http.pointee.status(host, call, &status)
    guard status >= 200, status != 204, status != 205, status != 206, status != 304,
      field(call, Names.encoding) == nil, field(call, Names.range) == nil,
      let type = field(call, Names.type), settings.types.contains(type)
    else { return nil }
    if let control = field(call, Names.control), FieldList.contains(control, "no-transform") {
      return nil
    }
    var request = egg_request()
    request.size = UInt32(MemoryLayout<egg_request>.size)
    guard http.pointee.request(host, call, &request) == egg_status(EGG_OK),
      !request.method.bytes.elementsEqual("HEAD".utf8)
    else { return nil }
    vary(call)
    return accepted(call, settings)
  }

  private func accepted(_ call: egg_call, _ settings: CompressSettings) -> Coding? {
    var value = egg_str()
    guard http.pointee.header(host, call, Names.accept, 0, &value) == egg_status(EGG_OK) else {
      return nil
    }
    var second = egg_str()
    guard http.pointee.header(host, call, Names.accept, 1, &second) == egg_status(EGG_OK) else {
      return AcceptEncoding.best(value.bytes, settings.offers)
    }
    var joined: [UInt8] = []
    var line: UInt32 = 0
    while line < 8,
      http.pointee.header(host, call, Names.accept, line, &value) == egg_status(EGG_OK)
    {
      joined += value.bytes
      joined.append(0x2C)
      line += 1
    }
    return joined.withUnsafeBufferPointer { AcceptEncoding.best($0, settings.offers) }
  }

  private func vary(_ call: egg_call) {
    guard let present = field(call, Names.vary), !present.isEmpty else {
      _ = http.pointee.set_header(host, call, Names.vary, Names.accept)
      return
    }
    if FieldList.contains(present, "accept-encoding") || FieldList.contains(present, "*") { return }
    let text = Array(present) + Array(", Accept-Encoding".utf8)
    text.withEgg { _ = http.pointee.set_header(host, call, Names.vary, $0) }
  }

  // MARK: the work

  private func compressNow(
    _ call: egg_call, _ bytes: UnsafeBufferPointer<UInt8>, _ coding: Coding,
    _ settings: CompressSettings
  ) {
    let compressor: Compressor?
    if coding == .gzip, let gzip, gzip.reset() {
      compressor = gzip
    } else {
      compressor = Compressor(coding, settings.levels, sizeHint: bytes.count)
      if coding == .gzip { gzip = compressor }
    }
    guard let output = compressor?.run(bytes, .end), output.count < bytes.count else { return }
    setHead(call, coding)
    let text = egg_str(
      ptr: UnsafeRawPointer(output.baseAddress!).assumingMemoryBound(to: CChar.self),
      len: output.count)
    _ = http.pointee.set_response(host, call, egg_body_kind(EGG_BODY_BYTES), text)
  }

  private func compressElsewhere(
    _ call: egg_call, _ bytes: UnsafeBufferPointer<UInt8>, _ coding: Coding,
    _ settings: CompressSettings
  ) -> egg_step {
    let job = CompressJob(self, call, Array(bytes), coding, settings.levels)
    let state = Unmanaged.passRetained(job)
    let status = loop.pointee.offload(host, workOnJob, jobDone, state.toOpaque())
    guard status == egg_status(EGG_OK) else {
      // The pool is busy; the client rather waits for larger bytes than for nothing.
      state.release()
      return egg_step(EGG_STEP_DONE)
    }
    return egg_step(EGG_STEP_LATER)
  }

  /// A file or a stream: what is sent is a stream of its own, which reads it.
  private func compressOverTime(_ call: egg_call, isFile: Bool, _ settings: CompressSettings) {
    var length: Int64 = 0
    guard http.pointee.response_length(host, call, &length) == egg_status(EGG_OK),
      length < 0 || length > 0 && length >= settings.threshold,
      let coding = coding(call, settings),
      let compressor = Compressor(coding, settings.levels, sizeHint: max(0, Int(length)))
    else { return }
    let type = field(call, Names.type).map { Array($0) }
    let body: CompressedBody
    if isFile {
      var (file, offset, length): (Int32, Int64, Int64) = (-1, 0, 0)
      let status = http.pointee.take_response_file(host, call, &file, &offset, &length)
      guard status == egg_status(EGG_OK) else { return }
      body = CompressedFile(self, compressor, file: file, offset: offset, length: length)
    } else {
      let stream = CompressedStream(self, compressor, flushDelay: settings.flushDelay)
      guard stream.take(call) else { return }
      body = stream
    }
    var source = body.source()
    _ = http.pointee.set_response_stream(host, call, &source)
    type?.withEgg { _ = http.pointee.set_header(host, call, Names.type, $0) }
    setHead(call, coding)
  }

  fileprivate func finish(_ job: CompressJob) {
    if let output = job.output, output.count < job.bytes.count {
      setHead(job.call, job.coding)
      let payload = egg_payload(
        bytes: UnsafePointer(output.baseAddress!), count: output.count,
        release: { Unmanaged<CompressJob>.fromOpaque($0!).release() },
        state: Unmanaged.passRetained(job).toOpaque())
      _ = http.pointee.set_response_payload(host, job.call, egg_body_kind(EGG_BODY_BYTES), payload)
    }
    _ = host.pointee.finish(host, job.call, nil)
  }

  /// What the answer's head says of the new body.
  private func setHead(_ call: egg_call, _ coding: Coding) {
    // A type that the kernel derives from the body would change with it.
    if let type = field(call, Names.type) {
      Array(type).withEgg { _ = http.pointee.set_header(host, call, Names.type, $0) }
    }
    _ = http.pointee.set_header(
      host, call, Names.encoding, coding == .br ? Names.br : Names.gzip)
    // These speak of the bytes that were; so does a strong tag.
    for name in [Names.length, Names.ranges, Names.digest] {
      _ = http.pointee.remove_header(host, call, name)
    }
    guard let tag = field(call, Names.tag), tag.first == UInt8(ascii: "\"") else { return }
    let weak = Array("W/".utf8) + Array(tag)
    weak.withEgg { _ = http.pointee.set_header(host, call, Names.tag, $0) }
  }

  private func field(_ call: egg_call, _ name: egg_str) -> UnsafeBufferPointer<UInt8>? {
    var value = egg_str()
    let status = http.pointee.response_header(host, call, name, 0, &value)
    return status == egg_status(EGG_OK) ? value.bytes : nil
  }
}

/// One body that another thread makes smaller. The call is kept meanwhile.
nonisolated final class CompressJob: @unchecked Sendable {
  fileprivate let layer: CompressLayer
  fileprivate let call: egg_call
  fileprivate let bytes: [UInt8]
  fileprivate let coding: Coding
  private let levels: Levels
  private var compressor: Compressor?
  fileprivate var output: UnsafeBufferPointer<UInt8>?

  init(
    _ layer: CompressLayer, _ call: egg_call, _ bytes: [UInt8], _ coding: Coding,
    _ levels: Levels
  ) {
    self.layer = layer
    self.call = call
    self.bytes = bytes
    self.coding = coding
    self.levels = levels
  }

  fileprivate func work() {
    compressor = Compressor(coding, levels, sizeHint: bytes.count)
    output = bytes.withUnsafeBufferPointer { compressor?.run($0, .end) }
  }
}

private nonisolated let handleCompress:
  @convention(c) (UnsafeMutableRawPointer?, egg_call) -> egg_step = { instance, call in
    guard let instance else { return egg_step(EGG_STEP_PASS) }
    return Unmanaged<CompressLayer>.fromOpaque(instance)._withUnsafeGuaranteedRef {
      $0.handle(call)
    }
  }

private nonisolated let resumeCompress: egg_resume = { call, state, outcome in
  guard let state else { return egg_step(EGG_STEP_DONE) }
  return Unmanaged<CompressLayer>.fromOpaque(state)._withUnsafeGuaranteedRef {
    $0.resume(call, outcome.pointee)
  }
}

private nonisolated let workOnJob: @convention(c) (UnsafeMutableRawPointer?) -> egg_status = {
  guard let state = $0 else { return egg_status(EGG_E_ARGUMENT) }
  Unmanaged<CompressJob>.fromOpaque(state).takeUnretainedValue().work()
  return egg_status(EGG_OK)
}

private nonisolated let jobDone: egg_done = { state, _ in
  guard let state else { return }
  let job = Unmanaged<CompressJob>.fromOpaque(state).takeRetainedValue()
  job.layer.finish(job)
}
