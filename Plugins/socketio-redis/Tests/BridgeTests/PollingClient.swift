import Foundation
import RedisTestSupport
import Testing

/// A Socket.IO client of protocol 5 that polls, by way of curl.
nonisolated final class PollingClient: @unchecked Sendable {
  private let url: String
  private(set) var id = ""

  @concurrent static func connect(
    _ port: Int, query: String = ""
  ) async throws -> PollingClient {
    let base = "http://127.0.0.1:\(port)/socket.io/?EIO=4&transport=polling\(query)"
    let opened = try await RedisServer.run(["curl", "-sm", "90", base])
    let sid = try #require(opened.split(separator: "\"").dropFirst(3).first)
    let client = PollingClient("\(base)&sid=\(sid)")
    try await client.post("40")
    let welcome = try await client.next()
    client.id = String(try #require(welcome.split(separator: "\"").dropFirst(3).first))
    return client
  }

  private init(_ url: String) { self.url = url }

  @concurrent func post(_ packet: String) async throws {
    let answer = try await RedisServer.run([
      "curl", "-sm", "90", "-H", "Content-Type: text/plain", "--data-binary", packet, url,
    ])
    // Whatever follows would only be about a session that has ended.
    guard answer == "ok" else { throw RedisServer.Failure(description: "\(packet): \(answer)") }
  }

  /// What comes next: packets, with a letter between them.
  @concurrent func next() async throws -> String {
    try await RedisServer.run(["curl", "-sm", "90", url])
      .replacingOccurrences(of: "\u{1e}", with: " ")
  }

  /// Asks until the answer is the one that is waited for.
  func waits(for answer: String, to event: String) async throws {
    var last = ""
    for _ in 0..<600 {
      last = try await ask(event)
      if last == answer { return }
      try await Task.sleep(for: .milliseconds(50))
    }
    Issue.record("\(event): waited for \(answer), the last answer is \(last)")
  }

  /// An event with an answer.
  func ask(_ event: String) async throws -> String {
    try await post("421" + event)
    let answer = try await next()
    return answer.hasPrefix("431") ? String(answer.dropFirst(3)) : answer
  }
}
