import Foundation
import Glibc

struct Failure: Error, CustomStringConvertible {
  let description: String
  init(_ description: String) { self.description = description }
}

/// One connection to a server, used for one request after the other.
final class Client {
  struct Answer {
    let status: Int
    let head: String
    let body: String

    var closes: Bool { head.lowercased().contains("\r\nconnection: close") }
    var json: [String: Any] {
      (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
    }
  }

  private var descriptor: Int32
  private var received: [UInt8] = []

  /// - Parameters:
  ///   - to: the server's address.
  ///   - from: a local address such as 127.0.0.2, to be somebody else.
  init(
    port: UInt16, to server: String = "127.0.0.1", from: String? = nil, timeout: Int = 60
  ) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var limit = timeval(tv_sec: timeout, tv_usec: 0)
    for option in [SO_RCVTIMEO, SO_SNDTIMEO] {
      setsockopt(
        descriptor, SOL_SOCKET, option, &limit, socklen_t(MemoryLayout<timeval>.size))
    }
    if let from {
      var local = Client.address(from, 0)
      _ = withUnsafePointer(to: &local) {
        $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
          bind(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
        }
      }
    }
    var remote = Client.address(server, port)
    let connected = withUnsafePointer(to: &remote) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      let code = errno
      close(descriptor)
      descriptor = -1
      throw Failure("connect to port \(port): \(String(cString: strerror(code)))")
    }
  }

  init(socket path: String) throws {
    descriptor = socket(AF_UNIX, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_un()
    address.sun_family = sa_family_t(AF_UNIX)
    withUnsafeMutableBytes(of: &address.sun_path) { $0.copyBytes(from: path.utf8) }
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_un>.size))
      }
    }
    guard connected == 0 else { throw Failure("connect to \(path): errno \(errno)") }
  }

  /// By way of the sixth version of the protocol, on this machine.
  init(version6 port: UInt16) throws {
    descriptor = socket(AF_INET6, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var address = sockaddr_in6()
    address.sin6_family = sa_family_t(AF_INET6)
    address.sin6_port = port.bigEndian
    inet_pton(AF_INET6, "::1", &address.sin6_addr)
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in6>.size))
      }
    }
    guard connected == 0 else { throw Failure("connect to [::1]:\(port): errno \(errno)") }
  }

  deinit { if descriptor >= 0 { close(descriptor) } }

  private static func address(_ text: String, _ port: UInt16) -> sockaddr_in {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    inet_pton(AF_INET, text, &address.sin_addr)
    return address
  }

  func get(_ target: String, _ headers: String = "") throws -> Answer {
    try send(target, headers)
    return try answer(target)
  }

  func send(_ target: String, _ headers: String = "") throws {
    try sendRaw("GET \(target) HTTP/1.1\r\nHost: probe.test\r\n\(headers)\r\n")
  }

  func sendRaw(_ text: String) throws {
    let request = Array(text.utf8)
    guard Glibc.send(descriptor, request, request.count, Int32(MSG_NOSIGNAL)) == request.count
    else { throw Failure("send: \(String(cString: strerror(errno)))") }
  }

  func answer(_ target: String) throws -> Answer {
    while true {
      if let answer = takeAnswer() { return answer }
      var chunk = [UInt8](repeating: 0, count: 1 << 16)
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count < 0, errno == EINTR { continue }
      guard count > 0 else {
        let reason = count == 0 ? "closed" : String(cString: strerror(errno))
        throw Failure("\(target): \(reason) after \(received.count) bytes")
      }
      received += chunk[..<count]
    }
  }

  private func takeAnswer() -> Answer? {
    let text = String(decoding: received, as: UTF8.self)
    guard let end = text.range(of: "\r\n\r\n") else { return nil }
    let head = String(text[..<end.lowerBound])
    let lengthField = head.lowercased().range(of: "content-length: ").map {
      head.lowercased()[$0.upperBound...].prefix { $0.isNumber }
    }
    let length = lengthField.flatMap { Int($0) } ?? 0
    let start = head.utf8.count + 4
    guard received.count >= start + length else { return nil }
    let body = String(decoding: received[start..<(start + length)], as: UTF8.self)
    received.removeFirst(start + length)
    return Answer(status: Int(head.dropFirst(9).prefix(3)) ?? 0, head: head, body: body)
  }
}
