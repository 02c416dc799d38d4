import Foundation
import Glibc

/// A TCP connection to the server, blocking.
final class Connection {
  private let descriptor: Int32

  init(port: UInt16) throws {
    descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = inet_addr("127.0.0.1")
    var limit = timeval(tv_sec: 20, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let status = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard status == 0 else { throw Failure("connect: \(String(cString: strerror(errno)))") }
  }

  deinit { close(descriptor) }

  func write(_ bytes: [UInt8]) throws {
    var rest = bytes[...]
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes {
        send(descriptor, $0.baseAddress, $0.count, Int32(MSG_NOSIGNAL))
      }
      guard count > 0 else { throw Failure("send: \(String(cString: strerror(errno)))") }
      rest = rest.dropFirst(count)
    }
  }

  /// What is there; empty at the end.
  func read() throws -> [UInt8] {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let count = recv(descriptor, &buffer, buffer.count, 0)
    guard count >= 0 else { throw Failure("recv: \(String(cString: strerror(errno)))") }
    return Array(buffer[..<count])
  }
}

/// An answer, the chunks of its body put together.
struct Answer {
  let status: Int
  let fields: [(name: String, value: String)]
  let bytes: [UInt8]

  var body: String { String(decoding: bytes, as: UTF8.self) }
  subscript(name: String) -> String? { all(name).first }
  func all(_ name: String) -> [String] {
    fields.filter { $0.name == name.lowercased() }.map(\.value)
  }

  /// `NAME=VALUE` of every cookie that was set, for the next request.
  var cookies: String {
    all("set-cookie").map { String($0.prefix { $0 != ";" }) }.joined(separator: "; ")
  }

  init(_ bytes: [UInt8]) throws {
    guard let end = Data(bytes).range(of: Data("\r\n\r\n".utf8)) else {
      throw Failure("no answer: \(String(decoding: bytes, as: UTF8.self))")
    }
    let head = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
    var lines = head.components(separatedBy: "\r\n")
    status = Int(lines.removeFirst().split(separator: " ")[1]) ?? 0
    fields = lines.map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
    }
    let rest = Array(bytes[end.upperBound...])
    let isChunked = fields.contains { $0.name == "transfer-encoding" && $0.value == "chunked" }
    self.bytes = isChunked ? try Answer.joined(rest) : rest
  }

  private static func joined(_ bytes: [UInt8]) throws -> [UInt8] {
    var (rest, body) = (bytes[...], [UInt8]())
    while let end = rest.firstIndex(of: 13) {
      let size = Int(String(decoding: rest[rest.startIndex..<end], as: UTF8.self), radix: 16) ?? 0
      if size == 0 { return body }
      let start = end + 2
      guard start + size <= rest.endIndex else { break }
      body += rest[start..<start + size]
      rest = rest[min(rest.endIndex, start + size + 2)...]
    }
    throw Failure("the body was cut short")
  }
}

extension Serving {
  func ask(
    _ method: String, _ path: String, _ fields: [String: String] = [:], body: String = ""
  ) throws -> Answer {
    var head = "\(method) \(path) HTTP/1.1\r\nHost: localhost:7001\r\nConnection: close\r\n"
    for (name, value) in fields { head += "\(name): \(value)\r\n" }
    if !body.isEmpty { head += "Content-Length: \(body.utf8.count)\r\n" }
    let connection = try Connection(port: port)
    try connection.write(Array((head + "\r\n" + body).utf8))
    var answer: [UInt8] = []
    while true {
      let piece = try connection.read()
      if piece.isEmpty { return try Answer(answer) }
      answer += piece
    }
  }

  func get(_ path: String, _ fields: [String: String] = [:]) throws -> Answer {
    try ask("GET", path, fields)
  }
}
