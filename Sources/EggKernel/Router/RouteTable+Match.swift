extension RouteTable {
  /// Finds every route and layer for a request, in registration order.
  ///
  /// - Parameters:
  ///   - method: nil for a method that `RouteMethod` does not know.
  ///   - path: the request path without query, as it came, not decoded.
  ///   - result: cleared first, then filled; reuse it.
  /// - Complexity: the length of the path and the number of routes under the same leading segments;
  ///   not the number of routes elsewhere.
  package func match(
    _ method: RouteMethod?, _ path: UnsafeBufferPointer<UInt8>, into result: inout MatchResult
  ) {
    if let memo = memoReference,
      memo._withUnsafeGuaranteedRef({ $0.recall(method, path, into: &result) })
    {
      return
    }
    find(method, path, into: &result)
    memoReference?._withUnsafeGuaranteedRef { $0.keep(method, path, result) }
  }

  private func find(
    _ method: RouteMethod?, _ path: UnsafeBufferPointer<UInt8>, into result: inout MatchResult
  ) {
    result.clear()
    let subject = unsafe RoutePath(path)
    // Captures are 32 bits wide; no HTTP limit lets such a path through.
    guard subject.count < Int(Int32.max) else { return }
    let index = indexReference ?? .passUnretained(freshIndex())
    index._withUnsafeGuaranteedRef { $0.collect(subject, into: &result.candidates) }
    var found = false
    for slot in result.candidates.indices {
      let candidate = result.candidates[slot]
      let matcher = index._withUnsafeGuaranteedRef { $0.matcher(candidate) }
      let first = result.captures.count
      // A path that exhausts one expression likely exhausts others; together they stay bounded.
      let stepLimit =
        result.exhausted == nil ? RouteRegex.stepLimit : RouteRegex.stepLimit / 100
      let outcome = matcher._withUnsafeGuaranteedRef {
        $0.match(
          subject, stepLimit: stepLimit, captures: &result.captures, scratch: &result.scratch)
      }
      switch outcome {
      case .unmatched: continue
      case .exhausted:
        if result.exhausted == nil { result.exhausted = candidate }
        continue
      case .matched: break
      }
      let methods = matcher._withUnsafeGuaranteedRef { $0.methods }
      result.pathMatches.append(candidate)
      result.allowed.formUnion(methods)
      let isLayer = methods.isEmpty
      guard isLayer || method.map(methods.contains) == true else {
        if result.captures.count > first {
          result.captures.removeLast(result.captures.count &- first)
        }
        continue
      }
      if !isLayer { found = true }
      result.layers.append(
        MatchedLayer(
          route: candidate, firstCapture: Int32(truncatingIfNeeded: first),
          captureCount: Int32(truncatingIfNeeded: result.captures.count &- first)))
    }
    if !result.allowed.isEmpty { result.allowed.insert(.options) }
    if found {
      result.outcome = .route
      return
    }
    result.clearLayers()
    guard let method, implemented.contains(method) else {
      result.outcome = .notImplemented
      return
    }
    if !result.allowed.isEmpty {
      result.outcome = method == .options ? .options : .methodNotAllowed
    }
  }

  /// Builds the index now instead of at the first request.
  package func prepare() { _ = freshIndex() }

  private func freshIndex() -> RouteIndex {
    if let index { return index }
    let built = RouteIndex(routes.map(\.matcher))
    index = built
    return built
  }

  /// The parameters that a layer sees: its own and those of the layers before it, later ones first
  /// in rank (`ctx.params`).
  ///
  /// - Parameter body: gets each name once with the capture that holds; `.absent` is `undefined`.
  package func forEachParam(
    _ result: MatchResult, upToLayer layer: Int, _ body: (String, RouteCapture) -> Void
  ) {
    for current in 0...layer {
      let matched = result.layers[current]
      let names = routes[Int(matched.route)].parameterNames
      for (position, name) in names.enumerated() {
        guard !isOverridden(name, after: (current, position), result, layer) else { continue }
        body(name, result.captures[Int(matched.firstCapture) + position])
      }
    }
  }

  /// The capture of one parameter as a layer sees it.
  /// - Returns: nil when no layer so far has the parameter, `.absent` when it took no part.
  package func param(
    _ name: UnsafeBufferPointer<UInt8>, in result: MatchResult, upToLayer layer: Int
  ) -> RouteCapture? {
    for current in stride(from: layer, through: 0, by: -1) {
      let matched = result.layers[current]
      let names = routes[Int(matched.route)].parameterNames
      if let position = names.lastIndex(where: { spells($0, name) }) {
        return result.captures[Int(matched.firstCapture) + position]
      }
    }
    return nil
  }

  private func spells(_ text: String, _ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
    let utf8 = text.utf8
    guard utf8.count == bytes.count else { return false }
    var place = 0
    for byte in utf8 {
      if byte != bytes[place] { return false }
      place &+= 1
    }
    return true
  }

  /// The same for a name that is text.
  package func param(
    _ name: String, in result: MatchResult, upToLayer layer: Int
  ) -> RouteCapture? {
    for current in stride(from: layer, through: 0, by: -1) {
      let matched = result.layers[current]
      let names = routes[Int(matched.route)].parameterNames
      if let position = names.lastIndex(of: name) {
        return result.captures[Int(matched.firstCapture) + position]
      }
    }
    return nil
  }

  private func isOverridden(
    _ name: String, after: (layer: Int, position: Int), _ result: MatchResult, _ last: Int
  ) -> Bool {
    for current in after.layer...last {
      let names = routes[Int(result.layers[current].route)].parameterNames
      let from = current == after.layer ? after.position + 1 : 0
      if names[from...].contains(name) { return true }
    }
    return false
  }
}
