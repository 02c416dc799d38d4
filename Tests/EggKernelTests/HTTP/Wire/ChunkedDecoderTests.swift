import Testing

@testable import EggKernel

@Suite("Chunked decoder") struct ChunkedDecoderTests {
  /// What a whole decoding came to.
  private struct Result: Equatable {
    var body = ""
    var consumed = 0
    var end: ChunkedStep
    var trailers: [String] = []
  }

  /// Decodes `text`, given in pieces that end at `cuts`.
  private func decode(
    _ text: String, cuts: [Int] = [], _ change: (inout ChunkedDecoder) -> Void = { _ in }
  ) -> Result {
    let bytes = Array(text.utf8)
    var decoder = ChunkedDecoder()
    change(&decoder)
    var result = Result(end: .needMore(consumed: 0))
    var body: [UInt8] = []
    var start = 0
    outer: for end in cuts + [bytes.count] {
      while true {
        let step = Array(bytes[start..<end]).withUnsafeBufferPointer { piece in
          // An empty array has no address; any will do for no bytes.
          decoder.next(piece.baseAddress ?? UnsafePointer(bitPattern: 1)!, count: piece.count)
        }
        switch step {
        case .body(let offset, let length, let consumed):
          #expect(length > 0 && consumed == offset + length)
          body += bytes[(start + offset)..<(start + offset + length)]
          start += consumed
          continue
        case .needMore(let consumed):
          start += consumed
          #expect(start == end)
        case .complete(let consumed):
          start += consumed
          result.end = .complete(consumed: start)
          break outer
        case .refused:
          result.end = step
          break outer
        }
        break
      }
    }
    result.body = String(decoding: body, as: UTF8.self)
    result.consumed = start
    result.trailers = decoder.trailers.map {
      String(decoding: $0.name, as: UTF8.self) + "=" + String(decoding: $0.value, as: UTF8.self)
    }
    return result
  }

  private static let valid: [(String, String, [String])] = [
    ("0\r\n\r\n", "", []),
    ("5\r\nhello\r\n0\r\n\r\n", "hello", []),
    (
      "4\r\nWiki\r\n6\r\npedia \r\nE\r\nin \r\n\r\nchunks.\r\n0\r\n\r\n",
      "Wikipedia in \r\n\r\nchunks.", []
    ),
    ("00a\r\n0123456789\r\n000\r\n\r\n", "0123456789", []),
    ("2;a=b;c=\"d\"\r\nhi\r\n0;last\r\n\r\n", "hi", []),
    ("2 \t;x\r\nhi\r\n0\r\n\r\n", "hi", []),
    ("1\r\nx\r\n0\r\nX-Sum: 12 \r\nMD5:\t9\r\n\r\n", "x", ["x-sum=12", "md5=9"]),
    ("0\r\nContent-Length: 5\r\nHost: y\r\nSet-Cookie: a=b\r\nX: y\r\n\r\n", "", ["x=y"]),
  ]

  @Test(arguments: valid)
  func `a body is the same however it is split`(text: String, body: String, trailers: [String]) {
    let count = text.utf8.count
    let whole = decode(text)
    #expect(whole.body == body)
    #expect(whole.end == .complete(consumed: count))
    #expect(whole.trailers == trailers)
    for cut in 0...count { #expect(decode(text, cuts: [cut]) == whole, "split at \(cut)") }
    #expect(decode(text, cuts: Array(0..<count)) == whole)
  }

  @Test func `what follows the body is left alone`() {
    let result = decode("1\r\na\r\n0\r\n\r\nGET / HTTP/1.1\r\n")
    #expect(result.end == .complete(consumed: 11))
  }

  @Test(arguments: [
    ("\r\n", BodyRefusal.invalidChunkSize), ("g\r\n", .invalidChunkSize),
    ("-1\r\n", .invalidChunkSize),
    (" 1\r\na\r\n", .invalidChunkSize), ("0x1\r\na\r\n", .invalidChunkSize),
    ("+1\r\n", .invalidChunkSize),
    ("1_0\r\n", .invalidChunkSize), (";a\r\n", .invalidChunkSize),
    ("1000000000000000\r\n", .chunkSizeOverflow), ("fffffffffffffffff\r\n", .chunkSizeOverflow),
    ("0000000000000001\r\na", .chunkSizeOverflow),
    ("1 \r\na", .invalidChunkExtension), ("1 a\r\n", .invalidChunkExtension),
    ("1;a\u{0}\r\n", .invalidChunkExtension), ("1;\u{7F}\r\n", .invalidChunkExtension),
    ("1\na\r\n", .bareLineFeed), ("1;a\nb\r\n", .bareLineFeed), ("1\r\na\n", .bareLineFeed),
    ("0\r\n\n", .bareLineFeed), ("0\r\nA: b\n\r\n", .bareLineFeed),
    ("1\rX", .bareCarriageReturn), ("1\r\na\rX", .bareCarriageReturn),
    ("0\r\n\rX", .bareCarriageReturn),
    ("1;a\rX", .bareCarriageReturn), ("0\r\nA: b\rX", .bareCarriageReturn),
    ("1\r\nab\r\n", .missingChunkEnd),
    ("0\r\nno colon\r\n\r\n", .invalidTrailer), ("0\r\n: x\r\n", .invalidTrailer),
    ("0\r\nA : x\r\n", .invalidTrailer), ("0\r\n A: x\r\n", .invalidTrailer),
    ("0\r\nA: x\u{1}\r\n", .invalidTrailer),
  ])
  func `a bad body is refused for its own reason`(text: String, refusal: BodyRefusal) {
    #expect(decode(text).end == .refused(refusal))
    let bytewise = decode(text, cuts: Array(0..<text.utf8.count))
    #expect(bytewise.end == .refused(refusal))
  }

  @Test func `a body up to the limit is taken and one byte more is 413`() {
    let text = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    #expect(decode(text) { $0.maxBodyLength = 5 }.body == "abcde")
    let bad = decode(text) { $0.maxBodyLength = 4 }
    #expect(bad.end == .refused(.bodyTooLarge))
    #expect(bad.body == "abc")
    #expect(BodyRefusal.bodyTooLarge.status == 413)
    // Announced sizes are added without overflow.
    let sizes = "fffffffffffffff\r\n"
    #expect(decode(sizes) { $0.maxBodyLength = 1 << 40 }.end == .refused(.bodyTooLarge))
  }

  @Test func `extensions count together over all chunks`() {
    let text = "1;aaa\r\nx\r\n1;bbb\r\ny\r\n0\r\n\r\n"
    #expect(decode(text) { $0.maxExtensionBytes = 8 }.body == "xy")
    #expect(decode(text) { $0.maxExtensionBytes = 7 }.end == .refused(.chunkExtensionsTooLong))
  }

  @Test func `trailers are limited in bytes and number`() {
    let text = "0\r\nA: b\r\nC: d\r\n\r\n"
    #expect(decode(text) { $0.maxTrailers = 1 }.end == .refused(.trailersTooLarge))
    #expect(decode(text) { $0.maxTrailerBytes = 9 }.end == .refused(.trailersTooLarge))
    #expect(
      decode(text) {
        $0.maxTrailers = 2
        $0.maxTrailerBytes = 10
      }.trailers.count == 2)
    #expect(BodyRefusal.trailersTooLarge.status == 431)
  }

  @Test func `after the end the answer stays`() {
    var decoder = ChunkedDecoder()
    let bytes = Array("0\r\n\r\nx".utf8)
    #expect(decoder.next(bytes, count: 6) == .complete(consumed: 5))
    #expect(decoder.next(bytes, count: 6) == .complete(consumed: 0))
    var broken = ChunkedDecoder()
    #expect(broken.next(Array("x".utf8), count: 1) == .refused(.invalidChunkSize))
    #expect(broken.next(bytes, count: 6) == .refused(.invalidChunkSize))
  }

  @Test func `every refusal has a status and a reason of its own`() {
    #expect(Set(BodyRefusal.allCases.map { "\($0.reason)" }).count == BodyRefusal.allCases.count)
    for refusal in BodyRefusal.allCases { #expect([400, 413, 431].contains(refusal.status)) }
  }
}
