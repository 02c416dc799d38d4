import EggHTTPSemantics
import Glibc

/// libFuzzer target for the HTTP wire code and the header semantics.
///
/// Compiled by `run.sh` together with `Sources/EggKernel/HTTP/Wire` into one module. Every input goes
/// through everything; a broken promise is a trap, a read outside of the input an AddressSanitizer
/// report. Pieces are copied into memory of exactly their size for that.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ data: UnsafePointer<UInt8>?, _ size: Int) -> CInt {
  guard let data, size > 0, size < 64 * 1024 else { return 0 }
  let input = UnsafeBufferPointer(start: data, count: size)
  fuzzRequest(input)
  fuzzChunks(input)
  fuzzSemantics(input)
  return 0
}

/// Where inputs are cut: depends on the input only, so that a finding can be repeated.
private func cut(_ input: UnsafeBufferPointer<UInt8>, seed: UInt32) -> Int {
  var hash = seed
  for byte in input { hash = (hash ^ UInt32(byte)) &* 16_777_619 }
  return Int(hash % UInt32(input.count + 1))
}

private func inOwnMemory<T>(
  _ input: UnsafeBufferPointer<UInt8>, _ end: Int, _ body: (UnsafePointer<UInt8>, Int) -> T
) -> T {
  let memory = UnsafeMutablePointer<UInt8>.allocate(capacity: end)
  defer { memory.deallocate() }
  if end > 0, let start = input.baseAddress { memory.initialize(from: start, count: end) }
  return body(memory, end)
}

nonisolated(unsafe) private let fields = HeaderTable()

private func fuzzRequest(_ input: UnsafeBufferPointer<UInt8>) {
  var whole = RequestParser()
  let outcome = inOwnMemory(input, input.count) { bytes, count in
    let outcome = whole.parse(bytes, count: count, into: fields)
    if case .complete(let length) = outcome { checkRanges(whole.head, bytes, length) }
    return outcome
  }
  var split = RequestParser()
  for end in [cut(input, seed: 1), cut(input, seed: 2)].sorted() + [input.count] {
    let step = inOwnMemory(input, end) { split.parse($0, count: $1, into: fields) }
    switch (step, outcome) {
    case (.needMore, .complete(let length)):
      precondition(end < length, "a complete head is not seen")
    case (.needMore, _):
      break
    case (.complete(let found), .complete(let length)):
      precondition(found == length, "the length depends on the split")
      return
    case (.refused, .refused):
      return
    default:
      preconditionFailure("\(step) in pieces, \(outcome) at once")
    }
  }
}

private func checkRanges(_ head: RequestHead, _ bytes: UnsafePointer<UInt8>, _ length: Int) {
  for range in [head.methodName, head.target, head.path, head.query, head.host] {
    precondition(range.end <= length, "a range outside of the head")
  }
  for field in fields.all {
    precondition(field.value.end <= length - 4 && isToken(field.name.bytes(in: bytes)))
    precondition(isFieldValue(field.value.bytes(in: bytes)))
    let name = field.name.string(in: bytes)
    precondition(fields.header(named: name, in: bytes) != nil, "a field is not found by its name")
  }
  if head.hasTransferEncoding { precondition(head.framing == .chunked && !head.hasContentLength) }
}

private func fuzzChunks(_ input: UnsafeBufferPointer<UInt8>) {
  let whole = decode(input, cuts: [])
  let split = decode(input, cuts: [cut(input, seed: 3), cut(input, seed: 4)].sorted())
  precondition(whole.body == split.body && whole.end == split.end, "the body depends on the split")
}

private func decode(
  _ input: UnsafeBufferPointer<UInt8>, cuts: [Int]
) -> (body: [UInt8], end: String) {
  var decoder = ChunkedDecoder(maxBodyLength: 32 * 1024)
  var body: [UInt8] = []
  var start = 0
  for end in cuts + [input.count] {
    pieces: while true {
      let piece = UnsafeBufferPointer(rebasing: input[start..<end])
      let step = inOwnMemory(piece, piece.count) { decoder.next($0, count: $1) }
      switch step {
      case .body(let offset, let length, let consumed):
        precondition(length > 0 && offset + length == consumed && consumed <= piece.count)
        body += piece[offset..<consumed]
        start += consumed
      case .needMore(let consumed):
        precondition(consumed == piece.count)
        start = end
        break pieces
      case .complete(let consumed):
        return (body, "complete \(start + consumed)")
      case .refused(let refusal):
        return (body, "\(refusal)")
      }
    }
  }
  return (body, "more")
}

private func fuzzSemantics(_ input: UnsafeBufferPointer<UInt8>) {
  let text = String(decoding: input.prefix(2048), as: UTF8.self)
  if let date = HTTPDate(parsing: input) {
    precondition(HTTPDate(parsing: date.text) == date, "a date is not read back")
  }
  if let plain = percentDecoded(text) {
    precondition(percentDecoded(percentEncoded(plain)) == plain)
  }
  _ = urlEncoded(text)
  let items = queryItems(input)
  precondition(queryItems(queryString(items)).count <= items.count)
  _ = accepts(types: ["json", "html", "text/plain;a=b"], header: text)
  _ = accepts(encodings: ["gzip", "identity"], header: text)
  _ = accepts(charsets: ["utf-8"], header: text)
  _ = accepts(languages: ["en", "zh-CN"], header: text)
  _ = acceptedEncodings(text)
  _ = typeIs(text, ["json", "multipart", "+xml", "text/*"])
  _ = contentType(for: text)
  _ = isFresh(
    ifNoneMatch: text, ifModifiedSince: text, cacheControl: text, etag: text, lastModified: text)
  if case .ranges(let ranges) = rangeRequest(text, size: 1000) {
    for range in ranges {
      precondition(range.start >= 0 && range.start <= range.last && range.last < 1000)
    }
  }
  for cookie in cookies(text) { precondition(isToken(cookie.name)) }
  if let header = try? SetCookie(name: text, value: text).headerValue() {
    precondition(isFieldValue(header))
  }
}
