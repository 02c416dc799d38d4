import Egg

/// Keys or members, part by part, without stopping the server.
///
///     for try await keys in app.redis.scan(match: "user:*") { … }
///
/// What exists all the time comes at least once; the same may come twice.
public struct RedisScan: AsyncSequence {
  public typealias Element = [String]

  let backend: any RedisBackend
  /// Name and what stands in front of the cursor.
  let command: String
  let key: [Value]
  let options: [Value]

  public struct AsyncIterator: AsyncIteratorProtocol {
    let scan: RedisScan
    var cursor: String? = "0"

    public mutating func next() async throws -> [String]? {
      while let cursor {
        let arguments = scan.key + [.text(cursor)] + scan.options
        let reply = try await scan.backend.call(scan.command, arguments)
        let next = Redis.text(reply[0]) ?? "0"
        self.cursor = next == "0" ? nil : next
        let part = (reply[1].array ?? []).compactMap { Redis.text($0) }
        if !part.isEmpty { return part }
      }
      return nil
    }
  }

  public func makeAsyncIterator() -> AsyncIterator { AsyncIterator(scan: self) }
}

extension Redis {
  /// - Parameters:
  ///   - match: a pattern, `user:*`.
  ///   - count: how much the server looks at each time; 10 unless set.
  ///   - type: only keys of this type: `string`, `hash` …
  public func scan(match: String? = nil, count: Int? = nil, type: String? = nil) -> RedisScan {
    let type: [Value] = type.map { ["TYPE", .text($0)] } ?? []
    return RedisScan(
      backend: backend, command: "SCAN", key: [], options: Self.options(match, count) + type)
  }
  /// Fields and values in turns.
  public func hscan(_ key: String, match: String? = nil, count: Int? = nil) -> RedisScan {
    RedisScan(
      backend: backend, command: "HSCAN", key: [.text(key)], options: Self.options(match, count))
  }
  public func sscan(_ key: String, match: String? = nil, count: Int? = nil) -> RedisScan {
    RedisScan(
      backend: backend, command: "SSCAN", key: [.text(key)], options: Self.options(match, count))
  }
  /// Members and scores in turns.
  public func zscan(_ key: String, match: String? = nil, count: Int? = nil) -> RedisScan {
    RedisScan(
      backend: backend, command: "ZSCAN", key: [.text(key)], options: Self.options(match, count))
  }

  private static func options(_ match: String?, _ count: Int?) -> [Value] {
    (match.map { ["MATCH", .text($0)] } ?? []) + (count.map { ["COUNT", .integer($0)] } ?? [])
  }
}
