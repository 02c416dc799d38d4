import Foundation

/// The application `Benchmarks/templates` in a process of its own; ends with this object.
final class ServedApplication {
  private let folder: URL
  private let process = Process()
  private var port: UInt16 = 0

  struct Failure: Error, CustomStringConvertible { let description: String }

  /// - Parameters:
  ///   - source: the application, which is copied.
  ///   - templates: where its templates are.
  /// - Throws: `Failure` with the log when it cannot be started.
  init(_ source: String, templates: String) throws {
    folder = FileManager.default.temporaryDirectory
      .appendingPathComponent("template-bench-\(UUID().uuidString)")
    try FileManager.default.copyItem(atPath: source, toPath: folder.path)
    try #"{ "view": { "root": "\#(templates)" } }"#.write(
      to: folder.appendingPathComponent("config/config.prod.json"), atomically: true,
      encoding: .utf8)
    let log = Pipe()
    process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
      .deletingLastPathComponent().appendingPathComponent("egg")
    process.arguments = [
      "start", folder.path, "--port", "0", "--host", "127.0.0.1", "--env", "prod", "--single",
    ]
    process.standardOutput = log
    process.standardError = log
    try process.run()
    var text = ""
    while port == 0 {
      let data = log.fileHandleForReading.availableData
      if data.isEmpty { throw Failure(description: text) }
      text += String(decoding: data, as: UTF8.self)
      if let start = text.range(of: "started on http://127.0.0.1:") {
        let digits = text[start.upperBound...].prefix { $0.isNumber }
        // The number is whole once something follows it.
        if digits.endIndex < text.endIndex { port = UInt16(digits) ?? 0 }
      }
    }
    log.fileHandleForReading.readabilityHandler = { _ = $0.availableData }
  }

  deinit {
    if process.isRunning {
      process.terminate()
      process.waitUntilExit()
    }
    try? FileManager.default.removeItem(at: folder)
  }

  /// The page for this data.
  func page(_ data: Data) throws -> [UInt8] { Array(try post("/page", data)) }

  /// Microseconds a page: the best of as many requests as fit, each for as many pages as take a while.
  ///
  /// - Parameter size: bytes of a page; the memory of one request has to hold all that it renders.
  func measure(_ data: Data, _ size: Int, _ seconds: Double) throws -> Double {
    let most = (32 << 20) / (size + 4096)
    var (best, rounds) = (Double.infinity, 1)
    let clock = ContinuousClock()
    let deadline = clock.now + .seconds(seconds)
    while clock.now < deadline {
      let answer = try JSONSerialization.jsonObject(with: post("/time?rounds=\(rounds)", data))
      guard let spent = (answer as? [String: Any])?["nanoseconds"] as? Double else {
        throw Failure(description: "no time: \(answer)")
      }
      if rounds < most, spent * Double(rounds) < 20_000_000 {
        rounds = min(rounds * 2, most)
      } else {
        best = min(best, spent / 1000)
      }
    }
    return best
  }

  private func post(_ target: String, _ body: Data) throws -> Data {
    let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(descriptor) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_port = port.bigEndian
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    let connected = withUnsafePointer(to: &address) {
      $0.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
      }
    }
    guard connected == 0 else { throw Failure(description: "connect: errno \(errno)") }
    var rest = Array(
      ("POST \(target) HTTP/1.1\r\nHost: bench.test\r\nConnection: close\r\n"
        + "Content-Type: application/json\r\nContent-Length: \(body.count)\r\n\r\n").utf8)[...]
    rest += body
    while !rest.isEmpty {
      let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, 0) }
      guard count > 0 else { throw Failure(description: "send: errno \(errno)") }
      rest = rest.dropFirst(count)
    }
    var bytes = Data()
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count <= 0 { break }
      bytes += chunk[..<count]
    }
    guard let end = bytes.range(of: Data("\r\n\r\n".utf8)),
      bytes.starts(with: Data("HTTP/1.1 200".utf8))
    else { throw Failure(description: String(decoding: bytes, as: UTF8.self)) }
    return bytes[end.upperBound...]
  }
}
