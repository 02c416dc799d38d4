import Egg
import EggRedis
import RedisClient

/// One namespace on several servers, by way of Redis: what both kinds of adapters can do.
///
/// While Redis is away everything local goes on and what is for others is lost; afterwards the
/// channels are subscribed again by themselves.
@MainActor public protocol RedisAdapter: AnyObject {
  /// Begins to listen.
  ///
  /// - Throws: `RedisError` when Redis cannot be reached or refuses the channels.
  func start() async throws
  /// To the clients of other servers; those of this one are not its affair.
  func broadcast(_ packet: Value, _ target: AdapterTarget)
  /// The same, and collects the answers of others' clients.
  ///
  /// - Parameters:
  ///   - counted: for each other server how many of its clients were asked.
  ///   - answered: for each answer.
  /// - Returns: how many other servers were asked, and what ends the collecting.
  func broadcast(
    _ packet: Value, _ target: AdapterTarget, counted: @escaping @MainActor (Int) -> Void,
    answered: @escaping @MainActor (Value) -> Void
  ) async -> (servers: Int, end: @MainActor () -> Void)
  /// Everybody's clients, this server's included: `{id, handshake, rooms, data}`.
  ///
  /// - Throws: `AdapterTimeout` when a server does not answer in time.
  func fetchSockets(_ target: AdapterTarget) async throws -> [Value]
  /// The rooms of all servers.
  func allRooms() async throws -> [String]
  func join(_ target: AdapterTarget, _ rooms: [String])
  func leave(_ target: AdapterTarget, _ rooms: [String])
  func disconnect(_ target: AdapterTarget, close: Bool)
  /// To the other servers' own code.
  func serverSideEmit(_ data: [Value])
  /// The same, with one answer of each.
  ///
  /// - Throws: `AdapterTimeout`, with the answers that came.
  func serverSideEmitWithAnswers(_ data: [Value]) async throws -> [Value]
  /// A room has got its first member here, or lost its last.
  func roomChanged(_ room: String)
  func close() async
}

/// How an adapter behaves.
nonisolated public struct AdapterOptions: Sendable {
  /// In front of every channel.
  public var key = "socket.io"
  /// Milliseconds in which other servers have to answer.
  public var requestsTimeout = 5000
  /// Answers go to a channel of the asking server alone. All servers have to agree on nothing for
  /// it: askers listen to both.
  public var publishOnSpecificResponseChannel = false
  /// Sharded: which rooms have channels of their own.
  public var subscriptionMode = SubscriptionMode.dynamic

  public enum SubscriptionMode: String, Sendable {
    /// None.
    case `static`
    /// Those that are not of one client, as the length of their names tells.
    case dynamic
    /// All.
    case dynamicPrivate = "dynamic-private"
  }

  public init() {}
}

/// Letters for ids.
nonisolated enum AdapterID {
  /// 6 letters, as the classic adapter has them.
  static func short() -> String {
    let letters = Array("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")
    return String((0..<6).map { _ in letters.randomElement() ?? "-" })
  }

  /// 8 bytes in hexadecimal, as the sharded adapter has them.
  static func long() -> String {
    let digits = String(UInt64.random(in: 0 ... .max), radix: 16)
    return String(repeating: "0", count: 16 - digits.count) + digits
  }
}

/// A question whose answers are collected until all are there or time is over.
final class OpenRequest {
  private var results: [Value]
  private var missing: Int
  private let whole: (Int, Int) -> String
  private var timer: (any RedisTimer)?
  private var waiting: UnsafeContinuation<Result<[Value], AdapterTimeout>, Never>?
  private var outcome: Result<[Value], AdapterTimeout>?
  private var answers = 0

  /// - Parameters:
  ///   - results: what is known already.
  ///   - missing: how many servers have to answer.
  ///   - message: of the error; gets how many have answered and how many should have.
  init(
    _ results: [Value], missing: Int, loop: any RedisLoop, timeout: Int,
    message: @escaping (Int, Int) -> String
  ) {
    self.results = results
    self.missing = missing
    whole = message
    if missing <= 0 {
      outcome = .success(results)
    } else {
      timer = try? loop.timer(after: timeout) { [weak self] in self?.expire() }
    }
  }

  /// One server's answer.
  func add(_ some: [Value]) {
    guard outcome == nil else { return }
    results += some
    answers += 1
    missing -= 1
    if missing == 0 { settle(.success(results)) }
  }

  private func expire() {
    let message = whole(answers, answers + missing)
    settle(.failure(AdapterTimeout(description: message, partial: results)))
  }

  func settle(_ outcome: Result<[Value], AdapterTimeout>) {
    timer?.cancel()
    timer = nil
    self.outcome = outcome
    waiting?.resume(returning: outcome)
    waiting = nil
  }

  func value() async throws(AdapterTimeout) -> [Value] {
    let outcome =
      if let outcome { outcome } else { await withUnsafeContinuation { waiting = $0 } }
    return try outcome.get()
  }
}
