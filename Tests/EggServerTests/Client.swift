import Foundation

/// A raw TCP connection to the server under test.
///
/// `@unchecked Sendable`: one thread uses it at a time.
final class Client: @unchecked Sendable {
  private var descriptor: Int32
  private var buffer: [UInt8] = []
  /// What the bytes go through, if the server speaks HTTPS.
  private(set) var tls: TLSSocket?
  /// Seconds after which a wait for bytes fails.
  static let patience = 60

  /// - Parameters:
  ///   - receiveBuffer: bytes the system may hold for us; small to be a slow reader.
  ///   - tls: what to agree on with the server; nil speaks without TLS, if the tests do.
  init(port: UInt16, receiveBuffer: Int32 = 0, tls: TLSOptions? = TLSOptions.standard) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    guard descriptor >= 0 else { throw Failure("socket: errno \(errno)") }
    var patience = timeval(tv_sec: Client.patience, tv_usec: 0)
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &patience, size)
    var on: Int32 = 1
    setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, 4)
    if receiveBuffer > 0 {
      var bytes = receiveBuffer
      setsockopt(descriptor, SOL_SOCKET, SO_RCVBUF, &bytes, 4)
    }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Foundation.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      let reason = errno
      Foundation.close(descriptor)
      throw Failure("connect: errno \(reason)")
    }
    if let tls { self.tls = try TLSSocket(descriptor, tls) }
  }

  deinit { close() }

  func close() {
    tls?.goodbye()
    tls = nil
    if descriptor >= 0 { Foundation.close(descriptor) }
    descriptor = -1
  }

  /// Cuts the connection with a reset.
  func reset() {
    var option = linger(l_onoff: 1, l_linger: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    tls = nil
    close()
  }

  /// Closes without the goodbye of TLS.
  func cut() {
    tls = nil
    close()
  }

  /// Ends our side; the other may go on.
  func finishSending() {
    tls?.goodbye()
    shutdown(descriptor, Int32(SHUT_WR))
  }

  func send(_ text: String) throws { try send(Array(text.utf8)) }

  func send(_ bytes: [UInt8]) throws {
    if let tls { return try tls.send(bytes) }
    var at = 0
    while at < bytes.count {
      let sent = bytes.withUnsafeBytes {
        Foundation.send(descriptor, $0.baseAddress! + at, bytes.count - at, Int32(MSG_NOSIGNAL))
      }
      guard sent > 0 else { throw Failure("send: errno \(errno)") }
      at += sent
    }
  }

  /// Sends what the system takes at once; for clients that must not wait.
  func sendSome(_ bytes: [UInt8]) -> Int {
    if let tls { return tls.sendSome(bytes) }
    return bytes.withUnsafeBytes {
      Foundation.send(
        descriptor, $0.baseAddress!, bytes.count, Int32(MSG_NOSIGNAL) | Int32(MSG_DONTWAIT))
    }
  }

  /// - Returns: false at the end of the stream, or when it was cut.
  @discardableResult
  func receive() throws -> Bool {
    var piece = [UInt8](repeating: 0, count: 65536)
    let count = tls?.receive(&piece) ?? recv(descriptor, &piece, piece.count, 0)
    if count < 0 {
      if errno == ECONNRESET { return false }
      throw Failure("nothing came for \(Client.patience) s, so far: \(text.suffix(200))")
    }
    buffer += piece[..<count]
    return count > 0
  }

  /// Reads once and keeps nothing.
  func skip() throws -> Bool {
    defer { buffer = [] }
    return try receive()
  }

  /// What has come and was not taken yet.
  var text: String { String(decoding: buffer, as: UTF8.self) }

  /// Everything up to the end of the stream.
  func rest() throws -> String {
    while try receive() {}
    defer { buffer = [] }
    return text
  }

  func bytes(_ count: Int) throws -> String {
    while buffer.count < count {
      guard try receive() else { throw Failure("the stream ended after \(buffer.count) bytes") }
    }
    defer { buffer.removeFirst(count) }
    return String(decoding: buffer[..<count], as: UTF8.self)
  }

  /// Whether the server has closed, with nothing more before.
  func isClosed() throws -> Bool { buffer.isEmpty ? try !receive() : false }

  /// The next response.
  func response(toHead isHead: Bool = false) throws -> Response {
    var head: Range<Int>?
    while true {
      head = buffer.firstRange(of: Array("\r\n\r\n".utf8))
      if head != nil { break }
      guard try receive() else { throw Failure("no head, only: \(text.prefix(200))") }
    }
    let lines = String(decoding: buffer[..<head!.lowerBound], as: UTF8.self)
      .components(separatedBy: "\r\n")
    buffer.removeSubrange(..<head!.upperBound)
    let status = lines[0].split(separator: " ", maxSplits: 2, omittingEmptySubsequences: false)
    guard status.count == 3, status[0] == "HTTP/1.1", let code = Int(status[1]) else {
      throw Failure("not a status line: \(lines[0])")
    }
    var response = Response(status: code, reason: String(status[2]))
    for line in lines.dropFirst() {
      guard let colon = line.firstIndex(of: ":") else { throw Failure("not a field: \(line)") }
      response.fields.append(
        (
          String(line[..<colon]).lowercased(),
          line[line.index(after: colon)...].trimmingCharacters(in: .whitespaces)
        ))
    }
    if isHead || code == 204 || code == 304 || code < 200 { return response }
    if response["transfer-encoding"] == "chunked" {
      response.body = try chunks()
    } else if let length = response["content-length"] {
      guard let count = Int(length) else { throw Failure("Content-Length: \(length)") }
      while buffer.count < count {
        guard try receive() else { throw Failure("the body ended after \(buffer.count) bytes") }
      }
      response.body = Array(buffer[..<count])
      buffer.removeFirst(count)
    } else {
      while try receive() {}
      response.body = buffer
      buffer = []
    }
    return response
  }

  private func chunks() throws -> [UInt8] {
    var body: [UInt8] = []
    while true {
      let size = try line()
      guard let count = Int(size, radix: 16) else { throw Failure("chunk size: \(size)") }
      while buffer.count < count + 2 {
        guard try receive() else { throw Failure("the chunks ended after \(body.count) bytes") }
      }
      body += buffer[..<count]
      buffer.removeFirst(count)
      guard try line().isEmpty else { throw Failure("no line end behind a chunk") }
      if count == 0 { return body }
    }
  }

  private func line() throws -> String {
    while true {
      if let end = buffer.firstRange(of: [0x0D, 0x0A]) {
        defer { buffer.removeSubrange(..<end.upperBound) }
        return String(decoding: buffer[..<end.lowerBound], as: UTF8.self)
      }
      guard try receive() else { throw Failure("the stream ended inside a line") }
    }
  }
}

/// A response as it came.
struct Response {
  var status: Int
  var reason: String
  var fields: [(name: String, value: String)] = []
  var body: [UInt8] = []

  init(status: Int, reason: String) {
    self.status = status
    self.reason = reason
  }

  var text: String { String(decoding: body, as: UTF8.self) }

  /// The first field of that name, given in lower case.
  subscript(name: String) -> String? { fields.first { $0.name == name }?.value }

  func all(_ name: String) -> [String] { fields.filter { $0.name == name }.map(\.value) }
}
