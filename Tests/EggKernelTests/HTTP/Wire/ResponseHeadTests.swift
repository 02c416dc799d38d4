import Testing

@testable import EggKernel

@Suite("Response head") struct ResponseHeadTests {
  private func written(_ write: (ByteBuffer) -> Void) -> String {
    let buffer = ByteBuffer()
    write(buffer)
    return buffer.string
  }

  @Test func `a whole response is written as RFC 9112 shows it`() {
    let text = written { out in
      out.appendStatusLine(200)
      out.appendDate(DateHeader(), at: 784_111_777)
      out.appendHeader("Content-Type", "text/plain")
      out.appendContentLength(5)
      out.appendHeadEnd()
      out.append("Hello")
    }
    #expect(
      text == "HTTP/1.1 200 OK\r\nDate: Sun, 06 Nov 1994 08:49:37 GMT\r\n"
        + "Content-Type: text/plain\r\nContent-Length: 5\r\n\r\nHello")
  }

  @Test(arguments: [
    (100, "HTTP/1.1 100 Continue\r\n"), (304, "HTTP/1.1 304 Not Modified\r\n"),
    (404, "HTTP/1.1 404 Not Found\r\n"), (511, "HTTP/1.1 511 Network Authentication Required\r\n"),
    (599, "HTTP/1.1 599 \r\n"), (999, "HTTP/1.1 999 \r\n"),
    (0, "HTTP/1.1 500 Internal Server Error\r\n"), (1000, "HTTP/1.1 500 Internal Server Error\r\n"),
    (Int.min, "HTTP/1.1 500 Internal Server Error\r\n"),
  ])
  func `a status line has the code, a space and the phrase`(status: Int, line: String) {
    #expect(written { $0.appendStatusLine(status) } == line)
  }

  @Test func `own words in a status line may not start another line`() {
    let buffer = ByteBuffer()
    let good = Array("Very Good".utf8).withUnsafeBufferPointer {
      buffer.appendStatusLine(200, reason: $0)
    }
    #expect(good)
    #expect(buffer.string == "HTTP/1.1 200 Very Good\r\n")
    let bad = Array("Bad\r\nX: y".utf8).withUnsafeBufferPointer {
      buffer.appendStatusLine(200, reason: $0)
    }
    #expect(!bad)
    #expect(buffer.string == "HTTP/1.1 200 Very Good\r\n")
  }

  @Test(arguments: [
    ("X-A", "b", true), ("X-A", "", true), ("X-A", "tab\there é", true), ("", "b", false),
    ("X A", "b", false), ("X:A", "b", false), ("X\r\nA", "b", false), ("Ü", "b", false),
    ("X-A", "b\r\nSet-Cookie: c=d", false), ("X-A", "b\n", false), ("X-A", "\u{0}", false),
    ("X-A", "\u{7F}", false),
  ])
  func `a header that could start another line is not written`(
    name: String, value: String, fine: Bool
  ) {
    let buffer = ByteBuffer()
    #expect(buffer.appendHeader(text: name, value) == fine)
    #expect(buffer.string == (fine ? "\(name): \(value)\r\n" : ""))
  }

  @Test func `chunks are framed and none of them ends the body early`() {
    let text = written { out in
      out.appendChunkStart(26)
      out.append("abcdefghijklmnopqrstuvwxyz")
      out.appendChunkEnd()
      out.appendChunkStart(0)
      out.appendLastChunk()
    }
    #expect(text == "1a\r\nabcdefghijklmnopqrstuvwxyz\r\n0\r\n\r\n")
  }

  @Test func `the date line follows the clock`() {
    let date = DateHeader()
    for (second, shown) in [(0, "00"), (0, "00"), (1, "01"), (59, "59")] {
      #expect(
        written { $0.appendDate(date, at: second) }
          == "Date: Thu, 01 Jan 1970 00:00:\(shown) GMT\r\n")
    }
  }

  @Test func `an interim answer is a whole one`() {
    #expect(written { $0.appendContinue() } == "HTTP/1.1 100 Continue\r\n\r\n")
  }
}
