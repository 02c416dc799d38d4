import Egg
import EggRedis

/// Commands that are sent in one go.
struct CommandBatch {
  private var commands: [(name: String, arguments: [Value])] = []

  /// - Throws: `EGG_REDIS_COMMAND` for one that cannot be part of a batch.
  init(_ list: [[Value]], keyPrefix: String) throws(RedisError) {
    commands.reserveCapacity(list.count)
    for item in list {
      guard let name = item.first?.string, !name.isEmpty else {
        throw .command("a command begins with its name")
      }
      let arguments = Array(item.dropFirst())
      let traits = CommandTraits(name, arguments)
      if let refusal = traits.refusal { throw refusal }
      if traits.blocks { throw .command("\(name) waits and cannot be part of a batch") }
      commands.append((name, traits.prefixed(arguments, keyPrefix)))
    }
  }

  /// - Parameter send: takes one command and who waits for its reply.
  func run(atomic: Bool, _ send: (String, [Value], Waiter) -> Void) async throws(RedisError)
    -> [Result<Value, RedisError>]?
  {
    let wanted = commands.count
    if atomic {
      var refused: RedisError?
      let reply = await withUnsafeContinuation { (done: UnsafeContinuation<Reply, Never>) in
        let note: (Reply) -> Void = {
          if case .failure(let error) = $0 { refused = refused ?? error }
        }
        send("MULTI", [], .function(note))
        for (name, arguments) in commands { send(name, arguments, .function(note)) }
        send("EXEC", [], .task(done))
      }
      return try Self.results(reply, refused)
    }
    return await withUnsafeContinuation {
      (done: UnsafeContinuation<[Result<Value, RedisError>]?, Never>) in
      var results: [Result<Value, RedisError>] = []
      results.reserveCapacity(wanted)
      let take: (Reply) -> Void = {
        results.append($0.result)
        if results.count == wanted { done.resume(returning: results) }
      }
      for (name, arguments) in commands { send(name, arguments, .function(take)) }
    }
  }

  /// - Parameter refused: the first error while commands were collected; EXEC's own only says
  ///   that there was one.
  private static func results(_ reply: Reply, _ refused: RedisError?) throws(RedisError)
    -> [Result<Value, RedisError>]?
  {
    switch reply {
    case .failure(let error):
      guard error.code == "EXECABORT", let refused else { throw error }
      throw RedisError(
        code: error.code, "\(error.message) (\(refused.code) \(refused.message))")
    case .value(.null): return nil
    case .value(let value), .partial(let value, _):
      guard let list = value.array else { return [.success(value)] }
      var errors: [Int: RedisError] = [:]
      if case .partial(_, let some) = reply { errors = some }
      return list.enumerated().map { place, item in
        errors[place].map { .failure($0) } ?? .success(item)
      }
    case .push(let items): return items.map { .success($0) }
    }
  }
}

extension Reply {
  nonisolated var result: Result<Value, RedisError> {
    do throws(RedisError) { return .success(try get()) } catch { return .failure(error) }
  }
}
