import Egg
import EggRedis
import RedisClient

/// What both kinds of adapters keep: their way to Redis, and the questions that are open.
public class AdapterBase {
  let redis: any RedisBackend
  let namespace: String
  let options: AdapterOptions
  let loop: any RedisLoop
  private(set) weak var host: (any AdapterHost)?
  var listening: [any RedisListening] = []
  private(set) var open: [String: OpenRequest] = [:]
  var asking: [String: (counted: (Int) -> Void, answered: (Value) -> Void)] = [:]

  public init(
    _ redis: any RedisBackend, namespace: String, host: any AdapterHost, loop: any RedisLoop,
    options: AdapterOptions = AdapterOptions()
  ) {
    self.redis = redis
    self.namespace = namespace
    self.host = host
    self.loop = loop
    self.options = options
  }

  /// Where the servers of this namespace hear each other.
  var channel: String { "\(options.key)#\(namespace)#" }

  /// Collects the answers of other servers.
  ///
  /// - Parameters:
  ///   - own: this server's answer.
  ///   - others: how many servers answer.
  ///   - message: of the error when time runs out, of how many have answered and how many should.
  ///   - send: asks.
  func collect(
    _ id: String, _ own: [Value], from others: Int, _ message: @escaping (Int, Int) -> String,
    _ send: () -> Void
  ) async throws -> [Value] {
    let request = OpenRequest(
      own, missing: others, loop: loop, timeout: options.requestsTimeout, message: message)
    open[id] = request
    defer { open[id] = nil }
    send()
    return try await request.value()
  }

  /// How many servers listen, this one included.
  ///
  /// - Parameter kind: of `PUBSUB`.
  func serverCount(_ kind: String, _ channel: String) async -> Int {
    let reply = try? await redis.call("PUBSUB", [.text(kind), .text(channel)])
    return reply?[1].int ?? reply?.object?.first?.value.int ?? 1
  }

  /// What cannot be published is lost; nothing local depends on it.
  func publish(_ command: String, _ channel: String, _ bytes: [UInt8]) {
    guard redis.status == "ready" else { return }
    Task.immediate { _ = try? await redis.call(command, [.text(channel), .data(bytes)]) }
  }

  /// Stops listening; who waits for answers gets an error.
  func end() async {
    for one in listening { try? await one.end() }
    listening = []
    for request in open.values {
      request.settle(.failure(AdapterTimeout(description: "the adapter was closed", partial: [])))
    }
    open = [:]
  }
}
