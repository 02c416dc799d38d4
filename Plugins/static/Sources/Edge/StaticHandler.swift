import EggHTTPSemantics
import Glibc
import PluginABI

/// Answers requests for files; lets all others pass. Belongs to the loop's thread.
///
/// The way of a file in memory: one call for the request, one look-up, one or three calls for
/// conditions, one for each field, one for the body. Nothing is allocated.
nonisolated final class StaticHandler {
  let host: UnsafePointer<egg_host>
  let http: UnsafePointer<egg_http>
  private let store: FileStore
  /// Views that stay as long as this object, which is for ever.
  private let prefixes: UnsafeBufferPointer<UnsafeBufferPointer<UInt8>>

  /// Bytes that the parts of one answer may have together.
  private static let partLimit = 1 << 20

  /// - Returns: nil when the kernel lacks `egg.http/1`.
  init?(_ host: UnsafePointer<egg_host>, _ store: FileStore) {
    guard let http = host.pointee.query(host, EGG_HTTP_ID) else { return nil }
    self.host = host
    self.http = http.assumingMemoryBound(to: egg_http.self)
    self.store = store
    var known: [UnsafeBufferPointer<UInt8>] = []
    for folder in store.folders where !known.contains(where: { $0.elementsEqual(folder.prefix) }) {
      known.append(permanent(folder.prefix))
    }
    let memory = UnsafeMutableBufferPointer<UnsafeBufferPointer<UInt8>>.allocate(
      capacity: known.count)
    _ = memory.initialize(from: known)
    prefixes = UnsafeBufferPointer(memory)
  }

  func handle(_ call: egg_call) -> egg_step {
    var request = egg_request()
    request.size = UInt32(MemoryLayout<egg_request>.size)
    guard http.pointee.request(host, call, &request) == ok, hasPrefix(request.path) else {
      return egg_step(EGG_STEP_PASS)
    }
    let isHead = request.method.isEqual("HEAD")
    guard isHead || request.method.isEqual("GET"),
      let found = store.find(request.path.bytes, now: request.started_ns)
    else { return egg_step(EGG_STEP_PASS) }
    return found._withUnsafeGuaranteedRef { answer($0, Asked(call, request, isHead: isHead)) }
  }

  @inline(__always)
  private func hasPrefix(_ path: egg_str) -> Bool {
    for prefix in prefixes where path.len > prefix.count {
      if memcmp(path.ptr!, prefix.baseAddress!, prefix.count) == 0 { return true }
    }
    return false
  }

  /// A request for a file.
  private struct Asked {
    let call: egg_call
    let path: egg_str
    let fieldCount: UInt32
    /// Nanoseconds of the loop's clock.
    let time: UInt64
    let isHead: Bool
    /// The file changed while it was to be opened, so it was looked up again.
    var isSecond = false

    init(_ call: egg_call, _ request: egg_request, isHead: Bool) {
      self.call = call
      path = request.path
      fieldCount = request.header_count
      time = request.started_ns
      self.isHead = isHead
    }
  }

  private func answer(_ file: CachedFile, _ asked: Asked) -> egg_step {
    let call = asked.call
    var representation = file.identity
    if file.hasCodings, let accepted = header(call, "accept-encoding") {
      representation = file.representation(for: AcceptedCodings(accepted))
    }
    var conditions = Conditions()
    if mayHaveConditions(call, asked.fieldCount) {
      conditions.ifNoneMatch = header(call, "if-none-match")
      conditions.ifModifiedSince = header(call, "if-modified-since")
      // A range means a GET only (RFC 9110 §14.2).
      if !asked.isHead { conditions.range = header(call, "range") }
    }
    if conditions.isEmpty, let contents = representation.contents {
      setFields(representation, call)
      setStatus(200, call)
      send(contents, of: representation, call)
      return egg_step(EGG_STEP_DONE)
    }
    if conditions.isEmpty {
      return sendFromDisk(.whole, representation, file, asked)
    }
    conditions.cacheControl = header(call, "cache-control")
    conditions.ifRange = header(call, "if-range")
    let plan = AnswerPlan(conditions, for: representation, partLimit: Self.partLimit)
    return carryOut(plan, representation, file, asked)
  }

  // MARK: Ways to answer

  private func carryOut(
    _ plan: AnswerPlan, _ representation: Representation, _ file: CachedFile, _ asked: Asked
  ) -> egg_step {
    let call = asked.call
    switch plan {
    case .notModified:
      setFields(representation, call)
      setStatus(304, call)
      return egg_step(EGG_STEP_DONE)
    case .unsatisfiable:
      set("Content-Range", "bytes */\(representation.size)", call)
      setStatus(416, call)
      return egg_step(EGG_STEP_DONE)
    case .whole, .part, .parts:
      guard let contents = representation.contents else {
        return sendFromDisk(plan, representation, file, asked)
      }
      sendFromMemory(plan, contents, representation, call)
      return egg_step(EGG_STEP_DONE)
    }
  }

  private func sendFromMemory(
    _ plan: AnswerPlan, _ contents: UnsafeBufferPointer<UInt8>, _ representation: Representation,
    _ call: egg_call
  ) {
    setFields(representation, call)
    switch plan {
    case .part(let range):
      setStatus(206, call)
      set("Content-Range", range.headerValue(size: contents.count), call)
      let part = UnsafeBufferPointer(rebasing: contents[range.start...range.last])
      send(part, of: representation, call)
    case .parts(let ranges):
      let body = ByteRanges(
        ranges, size: contents.count, type: representation.fields["Content-Type"] ?? "",
        boundary: ByteRanges.randomBoundary()
      ) { range, body in
        body += contents[range.start...range.last]
        return true
      }
      if let body { sendParts(body, call) }
    default:
      setStatus(200, call)
      send(contents, of: representation, call)
    }
  }

  /// For what is not in memory. When the file has changed, the new one is answered with.
  private func sendFromDisk(
    _ plan: AnswerPlan, _ representation: Representation, _ file: CachedFile, _ asked: Asked
  ) -> egg_step {
    let call = asked.call
    // Looking it up again may throw it out of the cache.
    let held = Unmanaged.passRetained(file)
    defer { held.release() }
    guard let open = store.open(representation, of: file) else {
      store.doubt(file)
      guard !asked.isSecond, let changed = store.find(asked.path.bytes, now: asked.time) else {
        return egg_step(EGG_STEP_PASS)
      }
      var again = asked
      again.isSecond = true
      return answer(changed.takeUnretainedValue(), again)
    }
    switch plan {
    case .part(let range):
      guard
        http.pointee.set_response_file(
          host, call, open.take(), Int64(range.start), Int64(range.length)) == ok
      else { return egg_step(EGG_STEP_PASS) }
      setFields(representation, call)
      setStatus(206, call)
      set("Content-Range", range.headerValue(size: representation.size), call)
    case .parts(let ranges):
      let body = ByteRanges(
        ranges, size: representation.size, type: representation.fields["Content-Type"] ?? "",
        boundary: ByteRanges.randomBoundary()
      ) { range, body in open.append(range, to: &body) }
      guard let body else { return egg_step(EGG_STEP_PASS) }
      setFields(representation, call)
      sendParts(body, call)
    default:
      guard
        http.pointee.set_response_file(host, call, open.take(), 0, Int64(representation.size)) == ok
      else { return egg_step(EGG_STEP_PASS) }
      setFields(representation, call)
      setStatus(200, call)
    }
    return egg_step(EGG_STEP_DONE)
  }
}

nonisolated extension OpenFile {
  /// - Returns: false when the file has become shorter.
  fileprivate borrowing func append(_ range: ContentRange, to body: inout [UInt8]) -> Bool {
    var part = [UInt8](repeating: 0, count: range.length)
    let count = part.withUnsafeMutableBufferPointer {
      read(into: $0.baseAddress!, count: range.length, offset: range.start)
    }
    body += part
    return count == range.length
  }
}

private nonisolated func permanent(_ bytes: [UInt8]) -> UnsafeBufferPointer<UInt8> {
  let memory = UnsafeMutableBufferPointer<UInt8>.allocate(capacity: bytes.count)
  _ = memory.initialize(from: bytes)
  return UnsafeBufferPointer(memory)
}
