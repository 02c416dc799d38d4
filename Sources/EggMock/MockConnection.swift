import Foundation
import Glibc

/// One exchange over the application's private socket, on a thread of its own: the loop answers.
nonisolated enum MockConnection {
  static func exchange(
    _ request: [UInt8], method: String, socket: String
  ) async throws -> MockResponse {
    let answer: [UInt8] = try await withCheckedThrowingContinuation { continuation in
      Thread.detachNewThread {
        continuation.resume(with: Result { try talk(request, socket) })
      }
    }
    return try AnswerParser(answer, method: method).parse()
  }

  private static func talk(_ request: [UInt8], _ path: String) throws -> [UInt8] {
    let descriptor = Glibc.socket(AF_UNIX, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else {
      throw MockFailure("no socket: \(String(cString: strerror(errno)))")
    }
    defer { close(descriptor) }
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    let bytes = Array(path.utf8)
    guard bytes.count < MemoryLayout.size(ofValue: address.sun_path) else {
      throw MockFailure("the path of the socket is too long: \(path); set TMPDIR to a shorter one")
    }
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: bytes) }
    let isConnected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size)) == 0
      }
    }
    guard isConnected else {
      throw MockFailure("the application does not answer: \(String(cString: strerror(errno)))")
    }
    var sent = 0
    while sent < request.count {
      let count = request.withUnsafeBytes {
        send(descriptor, $0.baseAddress! + sent, $0.count - sent, Int32(MSG_NOSIGNAL))
      }
      // An application may answer before it has read everything.
      if count <= 0 { break }
      sent += count
    }
    var answer: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 65_536)
    while true {
      let count = recv(descriptor, &piece, piece.count, 0)
      if count <= 0 { return answer }
      answer += piece[..<count]
    }
  }
}

/// Reads an answer whose connection has ended.
///
/// - Source: RFC 9112, 6 and 7.1.
nonisolated private struct AnswerParser {
  private let bytes: [UInt8]
  private let method: String

  init(_ bytes: [UInt8], method: String) {
    self.bytes = bytes
    self.method = method
  }

  func parse() throws -> MockResponse {
    var start = 0
    while true {
      guard let end = find([13, 10, 13, 10], from: start) else {
        throw MockFailure("the connection ended without an answer; see the application's log")
      }
      let head = String(decoding: bytes[start..<end], as: UTF8.self)
      var lines = head.split(separator: "\r\n", omittingEmptySubsequences: false)
      let words = lines.removeFirst().split(separator: " ", maxSplits: 2)
      guard words.count >= 2, let status = Int(words[1]) else {
        throw MockFailure("expected a status line, found \(head.prefix(100))")
      }
      start = end + 4
      if status < 200, status != 101 { continue }
      let headers = lines.compactMap { line -> (name: String, value: String)? in
        guard let colon = line.firstIndex(of: ":") else { return nil }
        let value = line[line.index(after: colon)...].drop { $0 == " " }
        return (String(line[..<colon]), String(value))
      }
      let isChunked = headers.contains {
        $0.name.lowercased() == "transfer-encoding" && $0.value.lowercased().contains("chunked")
      }
      let rest = Array(bytes[start...])
      let body = method == "HEAD" ? [] : isChunked ? try chunks(rest) : rest
      return MockResponse(status: status, headers: headers, bytes: body)
    }
  }

  private func chunks(_ text: [UInt8]) throws -> [UInt8] {
    var body: [UInt8] = []
    var at = 0
    while let end = text[at...].firstIndex(of: 13) {
      let digits = text[at..<end].prefix { $0 != UInt8(ascii: ";") }
      guard let size = Int(String(decoding: digits, as: UTF8.self), radix: 16),
        size <= text.count - end
      else { break }
      if size == 0 { return body }
      let first = end + 2
      guard first + size + 2 <= text.count else { break }
      body += text[first..<(first + size)]
      at = first + size + 2
    }
    throw MockFailure("the answer ended in the middle of its body")
  }

  private func find(_ needle: [UInt8], from start: Int) -> Int? {
    guard bytes.count >= needle.count else { return nil }
    var at = start
    while at <= bytes.count - needle.count {
      if bytes[at..<(at + needle.count)].elementsEqual(needle) { return at }
      at += 1
    }
    return nil
  }
}
