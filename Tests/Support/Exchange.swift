import Foundation

extension RunningApplication {
  /// One request on a connection of its own.
  ///
  /// - Parameters:
  ///   - json: becomes the body, with its type.
  ///   - form: the same, as an HTML form sends it.
  /// - Throws: `Failure` when there is no answer.
  public func send(
    _ method: String, _ target: String, headers: [String: String] = [:], json: String? = nil,
    form: String? = nil
  ) throws -> Answer {
    var fields = headers
    if json != nil { fields["Content-Type"] = "application/json" }
    if form != nil { fields["Content-Type"] = "application/x-www-form-urlencoded" }
    let descriptor = try ask(method, target, fields, body: json ?? form ?? "")
    defer { close(descriptor) }
    var limit = timeval(tv_sec: 120, tv_usec: 0)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    var answer: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while case let count = recv(descriptor, &chunk, chunk.count, 0), count > 0 {
      answer += chunk[..<count]
    }
    return try Answer(String(decoding: answer, as: UTF8.self))
  }

  public func get(_ target: String, _ headers: [String: String] = [:]) throws -> Answer {
    try send("GET", target, headers: headers)
  }

  /// Asks, and goes away without an answer once `isTime`.
  public func leave(_ target: String, when isTime: () throws -> Bool) throws {
    let descriptor = try ask("GET", target, [:], body: "")
    defer { close(descriptor) }
    try EggTestSupport.wait("\(target) is where its client leaves", until: isTime)
    // With a reset: an end alone may come from a client that still wants to read.
    var linger = linger(l_onoff: 1, l_linger: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout.size(ofValue: linger)))
  }

  /// - Returns: the connection, with the whole request sent.
  private func ask(_ method: String, _ target: String, _ headers: [String: String], body: String)
    throws -> Int32
  {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else {
      let number = errno
      close(descriptor)
      throw Failure("connect: errno \(number)\n\(log)")
    }
    var fields = ["Host": "probe.test", "Connection": "close"].merging(headers) { $1 }
    if !body.isEmpty || method == "POST" { fields["Content-Length"] = "\(body.utf8.count)" }
    let head = fields.map { "\($0.key): \($0.value)\r\n" }.sorted().joined()
    let bytes = Array("\(method) \(target) HTTP/1.1\r\n\(head)\r\n\(body)".utf8)
    guard Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL)) == bytes.count else {
      let number = errno
      close(descriptor)
      throw Failure("send: errno \(number)")
    }
    return descriptor
  }
}

/// What a server said.
public struct Answer {
  public let status: Int
  public let fields: [(name: String, value: String)]
  public let body: String

  /// - Throws: `Failure` for text that is no answer.
  public init(_ text: String) throws {
    guard let end = text.range(of: "\r\n\r\n") else { throw Failure("no answer: \(text)") }
    var lines = text[..<end.lowerBound].components(separatedBy: "\r\n")
    status = Int(lines.removeFirst().split(separator: " ")[1]) ?? 0
    fields = lines.map { line in
      let parts = line.split(separator: ":", maxSplits: 1)
      return (parts[0].lowercased(), parts[1].trimmingCharacters(in: .whitespaces))
    }
    body = String(text[end.upperBound...])
  }

  /// Of a field, whatever the letters' case.
  public subscript(name: String) -> String? {
    fields.first { $0.name == name.lowercased() }?.value
  }

  /// The whole `Set-Cookie` of a cookie.
  public func cookie(_ name: String) -> String? {
    fields.first { $0.name == "set-cookie" && $0.value.hasPrefix(name + "=") }?.value
  }

  /// `NAME=VALUE` of every cookie that was set.
  public var cookies: String {
    fields.filter { $0.name == "set-cookie" }.map { String($0.value.prefix { $0 != ";" }) }
      .joined(separator: "; ")
  }

  /// The members of a JSON object.
  public var json: [String: Any] {
    (try? JSONSerialization.jsonObject(with: Data(body.utf8))) as? [String: Any] ?? [:]
  }
}
