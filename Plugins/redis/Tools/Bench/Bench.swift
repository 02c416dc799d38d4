import Dispatch
import Egg
import EggRedis
import Glibc
import RedisClient

/// Commands per second and per CPU-second of this process, for `Benchmarks/run redis`.
///
///     redis-bench PORT pipeline|tasks|serial COMMANDS
@main struct Bench {
  static func main() async throws {
    let arguments = CommandLine.arguments
    guard arguments.count == 4, let port = Int(arguments[1]), let count = Int(arguments[3]) else {
      print("redis-bench PORT pipeline|tasks|serial COMMANDS")
      exit(2)
    }
    var options = RedisOptions()
    options.port = port
    let client = RedisClient(options, loop: QueueLoop())
    client.start()
    try await client.ready()
    let redis = Redis(client)
    try await redis.set("bench", "value of some twenty b")
    try await run(redis, arguments[2], count / 10)
    let start = Clock()
    try await run(redis, arguments[2], count)
    start.print(count)
    await redis.quit()
  }

  /// - Parameter kind: batches of 1000 as one call each; 1000 tasks at once; one after the other.
  private static func run(_ redis: Redis, _ kind: String, _ count: Int) async throws {
    switch kind {
    case "pipeline":
      for _ in 0..<max(1, count / 1000) {
        let pipeline = redis.pipeline()
        for _ in 0..<1000 { pipeline.call("GET", "bench") }
        try await pipeline.exec()
      }
    case "tasks":
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<1000 {
          group.addTask {
            for _ in 0..<max(1, count / 1000) { _ = try? await redis.get("bench") }
          }
        }
      }
    default:
      for _ in 0..<count { _ = try await redis.get("bench") }
    }
  }
}

/// Wall clock and CPU time since it was made.
private struct Clock {
  private let wall = Self.now(CLOCK_MONOTONIC)
  private let cpu = Self.now(CLOCK_PROCESS_CPUTIME_ID)

  private static func now(_ clock: clockid_t) -> Double {
    var time = timespec()
    clock_gettime(clock, &time)
    return Double(time.tv_sec) + Double(time.tv_nsec) / 1e9
  }

  func print(_ count: Int) {
    let wall = Self.now(CLOCK_MONOTONIC) - wall
    let cpu = Self.now(CLOCK_PROCESS_CPUTIME_ID) - cpu
    Swift.print("\(Int(Double(count) / wall)) \(Int(Double(count) / cpu))")
  }
}

/// The main queue as the client's loop.
private final class QueueLoop: RedisLoop {
  var nowMilliseconds: UInt64 { DispatchTime.now().uptimeNanoseconds / 1_000_000 }

  func timer(after milliseconds: Int, _ fire: @escaping @MainActor () -> Void) throws
    -> any RedisTimer
  {
    let source = DispatchSource.makeTimerSource(queue: .main)
    source.schedule(deadline: .now() + .milliseconds(milliseconds))
    source.setEventHandler {
      source.cancel()
      MainActor.assumeIsolated { fire() }
    }
    source.resume()
    return Source([source])
  }

  func watch(
    _ descriptor: Int32, _ events: Watch.Events,
    _ ready: @escaping @MainActor (Watch.Events) -> Void
  ) throws -> any RedisWatch {
    Descriptor(descriptor, events, ready)
  }

  func blocking<T: Sendable>(_ work: @escaping @Sendable () throws -> T) async throws -> T {
    try work()
  }
}

private final class Source: RedisTimer {
  private let sources: [any DispatchSourceProtocol]
  init(_ sources: [any DispatchSourceProtocol]) { self.sources = sources }
  func cancel() { for source in sources { source.cancel() } }
}

/// Always watched for reading; for writing while that is wanted.
private final class Descriptor: RedisWatch {
  private let descriptor: Int32
  private let ready: @MainActor (Watch.Events) -> Void
  private var reads: (any DispatchSourceRead)?
  private var writes: (any DispatchSourceWrite)?

  init(
    _ descriptor: Int32, _ events: Watch.Events,
    _ ready: @escaping @MainActor (Watch.Events) -> Void
  ) {
    self.descriptor = descriptor
    self.ready = ready
    change(events)
  }

  func change(_ events: Watch.Events) {
    if events.contains(.read), reads == nil {
      let source = DispatchSource.makeReadSource(fileDescriptor: descriptor, queue: .main)
      source.setEventHandler { [ready] in MainActor.assumeIsolated { ready(.read) } }
      source.resume()
      reads = source
    }
    if events.contains(.write), writes == nil {
      let source = DispatchSource.makeWriteSource(fileDescriptor: descriptor, queue: .main)
      source.setEventHandler { [ready] in MainActor.assumeIsolated { ready(.write) } }
      source.resume()
      writes = source
    } else if !events.contains(.write) {
      writes?.cancel()
      writes = nil
    }
  }

  func end() {
    reads?.cancel()
    writes?.cancel()
  }
}
