/// A part of the request path, in bytes, not decoded; or the absence of an optional parameter.
package struct RouteCapture: Sendable, Hashable {
  /// Where it begins; -1 when absent.
  package var offset: Int32
  package var length: Int32

  package init(_ begin: Int, _ end: Int) {
    offset = Int32(truncatingIfNeeded: begin)
    length = Int32(truncatingIfNeeded: end &- begin)
  }

  /// A parameter that took no part in the match; JavaScript's `undefined`.
  package static let absent = RouteCapture(-1, -1)

  /// The bytes in the path; nil when absent.
  package var range: Range<Int>? {
    offset < 0 ? nil : Int(offset)..<(Int(offset) &+ Int(length))
  }
}

/// A route that runs for the request, in the order of registration.
package struct MatchedLayer: Sendable {
  /// `Route.index`.
  package var route: Int32
  /// The first of this layer's captures in `MatchResult.captures`.
  package var firstCapture: Int32
  /// As many as the route has parameter names; 0 for a layer without a path.
  package var captureCount: Int32
}

/// What a path and a method select. Kept by the caller and reused, so that matching allocates
/// nothing once its arrays have grown.
package struct MatchResult: Sendable {
  package enum Outcome: Sendable {
    /// A route with methods matches: run `layers`.
    case route
    /// Nothing matches the path.
    case notFound
    /// The path is known but not with this method: 405 with `Allow`.
    case methodNotAllowed
    /// `OPTIONS` on a known path without a route for it: 200 with `Allow` and an empty body.
    case options
    /// The method is known to no route: 501.
    case notImplemented
  }

  package var outcome = Outcome.notFound
  /// The layers to chain, `use` layers included; empty unless `outcome` is `.route`.
  package var layers: [MatchedLayer] = []
  /// The captures of all layers, one after the other.
  package var captures: [RouteCapture] = []
  /// Indexes of every route and `use` layer whose path matches, whatever its methods
  /// (`ctx.matched`).
  package var pathMatches: [Int32] = []
  /// The methods for `Allow`: the union over the routes of this path, plus `OPTIONS`. Empty when no
  /// route matches the path.
  package var allowed: RouteMethodSet = []
  /// The first route whose regular expression reached its step limit; it counts as not matching.
  package var exhausted: Int32?

  /// Which entry of the route memo it is a copy of; 0: of none.
  var remembered = 0
  var candidates: [Int32] = []
  var scratch = RegexScratch()

  package init() {}

  mutating func clear() {
    outcome = .notFound
    remembered = 0
    clearLayers()
    pathMatches.empty()
    candidates.empty()
    allowed = []
    exhausted = nil
  }

  mutating func clearLayers() {
    layers.empty()
    captures.empty()
  }

  /// The captures of one layer (`ctx.captures` while it runs).
  package func captures(ofLayer layer: Int) -> ArraySlice<RouteCapture> {
    let first = Int(layers[layer].firstCapture)
    return captures[first..<(first + Int(layers[layer].captureCount))]
  }
}

extension Array {
  /// Empties it and keeps the memory. For the few elements of most routes one by one, which is a fifth of the
  /// work of `removeAll`.
  @inline(__always)
  fileprivate mutating func empty() {
    if count > 4 { removeAll(keepingCapacity: true) }
    while !isEmpty { removeLast() }
  }
}
