import Foundation

/// One connection for one small question: does the server answer, and what?
final class Probe {
  struct Answer: Equatable {
    let status: Int
    let body: [UInt8]
    var text: String { String(decoding: body, as: UTF8.self) }
  }

  private let socket: Int32
  /// The last answer said that it is the last one.
  private(set) var isClosing = false
  /// What came after the last answer.
  private var received: [UInt8] = []
  /// The client's port, by which the kernel's table tells this connection from others.
  private(set) var localPort: UInt16 = 0

  /// Connects to 127.0.0.1, or answers nil when nobody listens there.
  init?(port: Int, timeout: Double = 5) {
    socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    guard socket >= 0 else { return nil }
    var limit = timeval(
      tv_sec: Int(timeout), tv_usec: Int((timeout - timeout.rounded(.down)) * 1e6))
    setsockopt(socket, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var address = Self.loopback(port)
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let connected = withUnsafeMutablePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) { address in
        guard connect(socket, address, size) == 0 else { return false }
        getsockname(socket, address, &size)
        return true
      }
    }
    guard connected else {
      close(socket)
      return nil
    }
    localPort = UInt16(bigEndian: address.sin_port)
  }

  deinit { close(socket) }

  /// Asks once; nil when the server closes, stays silent, or answers what is not HTTP/1.1.
  func ask(_ method: String, _ path: String, body: String?, headers: [String] = []) -> Answer? {
    var request = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1\r\n"
    for header in headers { request += header + "\r\n" }
    if let body { request += "Content-Length: \(body.utf8.count)\r\n" }
    request += "\r\n" + (body ?? "")
    return send(request) ? receive() : nil
  }

  /// Writes all of a text; false when the server closed.
  @discardableResult func send(_ text: String) -> Bool {
    let bytes = Array(text.utf8)
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(socket, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  /// The next answer; nil as for `ask`.
  func receive() -> Answer? {
    var part = [UInt8](repeating: 0, count: 16 * 1024)
    while received.count < 1 << 20 {
      if let (answer, used) = Self.parse(received) {
        let head = String(decoding: received.prefix(used), as: UTF8.self).lowercased()
        isClosing = head.contains("\r\nconnection: close\r\n")
        received.removeFirst(used)
        return answer
      }
      let count = recv(socket, &part, part.count, 0)
      guard count > 0 else { return nil }
      received += part[..<count]
    }
    return nil
  }

  /// A whole answer with a length or in chunks, and its size; nil while something is missing.
  static func parse(_ bytes: [UInt8]) -> (answer: Answer, used: Int)? {
    guard let end = find([13, 10, 13, 10], in: bytes, from: 0) else { return nil }
    let head = String(decoding: bytes[..<end], as: UTF8.self)
    let lines = head.components(separatedBy: "\r\n")
    let first = lines[0].split(separator: " ")
    guard first.count > 1, first[0].hasPrefix("HTTP/1."), let status = Int(first[1]) else {
      return nil
    }
    var length: Int?
    var chunked = false
    for line in lines.dropFirst() {
      let field = line.split(separator: ":", maxSplits: 1)
      guard field.count == 2 else { continue }
      let value = field[1].trimmingCharacters(in: .whitespaces).lowercased()
      switch field[0].lowercased() {
      case "content-length": length = Int(value)
      case "transfer-encoding": chunked = value == "chunked"
      default: break
      }
    }
    let start = end + 4
    if status == 204 || status == 304 { return (Answer(status: status, body: []), start) }
    if !chunked {
      guard let length, bytes.count - start >= length else { return nil }
      let end = start + length
      return (Answer(status: status, body: Array(bytes[start..<end])), end)
    }
    var body: [UInt8] = []
    var at = start
    while let line = find([13, 10], in: bytes, from: at) {
      let text = String(decoding: bytes[at..<line], as: UTF8.self).prefix { $0.isHexDigit }
      guard let size = Int(text, radix: 16), line + 2 + size + 2 <= bytes.count else { return nil }
      body += bytes[line + 2..<line + 2 + size]
      at = line + 2 + size + 2
      if size == 0 { return (Answer(status: status, body: body), at) }
    }
    return nil
  }

  private static func find(_ wanted: [UInt8], in bytes: [UInt8], from start: Int) -> Int? {
    guard bytes.count >= start + wanted.count else { return nil }
    return (start...bytes.count - wanted.count).first { at in
      bytes[at] == wanted[0] && bytes[at..<at + wanted.count].elementsEqual(wanted)
    }
  }

  private static func loopback(_ port: Int) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = in_port_t(port).bigEndian
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    return address
  }

  /// A port below the ephemeral range that nothing listens on.
  static func freePort() throws -> Int {
    for _ in 0..<200 {
      let port = Int.random(in: 15_000..<32_000)
      let socket = Glibc.socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
      defer { close(socket) }
      var address = loopback(port)
      let bound = withUnsafePointer(to: &address) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(socket, $0, socklen_t(MemoryLayout<sockaddr_in>.size)) == 0
        }
      }
      if bound { return port }
    }
    throw BenchError("no free port between 15000 and 32000")
  }
}
