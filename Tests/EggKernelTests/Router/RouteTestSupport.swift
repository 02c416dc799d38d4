import Testing

@testable import EggKernel

/// What a test wants to know about one match.
struct RouteProbe: Equatable {
  var outcome: MatchResult.Outcome
  /// Handlers of the matched layers, in the order in which they run.
  var handlers: [Int]
  /// The parameters the last layer sees; the value nil is `undefined`.
  var params: [String: String?]
  var allow: String
  var matched: [Int]
}

extension RouteTable {
  /// Matches one path with fresh memory.
  func probe(_ method: RouteMethod?, _ path: String) -> RouteProbe {
    var result = MatchResult()
    return probe(method, path, into: &result)
  }

  func probe(_ method: RouteMethod?, _ path: String, into result: inout MatchResult) -> RouteProbe {
    unsafe Array(path.utf8).withUnsafeBufferPointer { bytes in
      unsafe match(method, bytes, into: &result)
      var params: [String: String?] = [:]
      if !result.layers.isEmpty {
        forEachParam(result, upToLayer: result.layers.count - 1) { name, capture in
          params[name] = unsafe .some(capture.decoded(in: bytes))
        }
      }
      return RouteProbe(
        outcome: result.outcome,
        handlers: result.layers.flatMap { routes[Int($0.route)].stack.map(\.handler) },
        params: params, allow: result.allowed.allowHeader, matched: result.pathMatches.map(Int.init)
      )
    }
  }

  /// The parameters of the only GET route with this pattern; nil when it does not match.
  static func params(
    _ pattern: RoutePattern, _ path: String, options: RouteOptions = RouteOptions()
  ) throws -> [String: String?]? {
    let table = RouteTable()
    try table.register(methods: .get, pattern, handlers: [1], options: options)
    let probe = table.probe(.get, path)
    return probe.outcome == .route ? probe.params : nil
  }

  func get(_ path: String, _ handler: Int) throws {
    try register(methods: .get, .path(path), handlers: [handler])
  }
}

/// Repeatable random numbers (SplitMix64), so that a failing case can be run again.
struct SeededNumbers: RandomNumberGenerator {
  var state: UInt64
  mutating func next() -> UInt64 {
    state &+= 0x9E37_79B9_7F4A_7C15
    var z = state
    z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
    z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
    return z ^ (z >> 31)
  }
}
