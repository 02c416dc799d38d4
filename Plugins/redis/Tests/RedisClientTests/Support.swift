import Egg
import EggRedis
import Foundation
import RedisClient
import RedisTestSupport
import Testing

/// A client that is connected to a server of the test's own.
func connected(
  _ server: RedisServer, _ change: (inout RedisOptions) -> Void = { _ in }
) async throws -> (redis: Redis, client: RedisClient) {
  var options = RedisOptions()
  options.readyTimeout = 120_000
  options.port = server.port
  change(&options)
  let client = RedisClient(options, loop: TestLoop())
  client.start()
  try await client.ready()
  return (Redis(client), client)
}

/// Why the first attempt to connect fails; nil when it does not.
func firstFailure(
  _ server: RedisServer, _ change: (inout RedisOptions) -> Void
) async throws -> RedisError? {
  var options = RedisOptions()
  options.readyTimeout = 120_000
  options.port = server.port
  change(&options)
  let client = RedisClient(options, loop: TestLoop())
  defer { client.end() }
  var isOver = false
  var failure: RedisError?
  client.onEvent = { event in
    isOver = true
    if case .failed(let error, _) = event { failure = failure ?? error }
  }
  client.start()
  try await eventually("an attempt ends", seconds: 60) { isOver }
  return failure
}

/// Waits for something that becomes true by itself.
func eventually(
  _ what: String, seconds: Double = 120, _ condition: () async throws -> Bool
) async throws {
  let end = Date().addingTimeInterval(seconds)
  while Date() < end {
    if try await condition() { return }
    try await Task.sleep(for: .milliseconds(5))
  }
  Issue.record("never: \(what)")
}

/// The server that tests share which leave no traces but their own keys.
enum SharedServer {
  private static let starting = Task { try await RedisServer.start() }
  static func get() async throws -> RedisServer { try await starting.value }
}
