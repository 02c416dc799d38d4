import Glibc

/// What paths without parameters were found to select, so that asking again is one comparison.
///
/// Direct-mapped: a path takes the place of the one that was there. Paths with captures are not kept,
/// there would be no end to them, nor those that select nothing.
final class RouteMemo {
  private struct Entry {
    var hash: UInt64 = 0
    var method = RouteMethod.get
    /// Bytes of the path; 0 for a free entry.
    var count = 0
    /// Tells results apart: each is numbered, from 1.
    var number = 0
    var layers: [MatchedLayer] = []
    var pathMatches: [Int32] = []
    var allowed: RouteMethodSet = []
  }

  private static let size = 64
  private static let longestPath = 64

  private let entries: UnsafeMutablePointer<Entry>
  private let text: UnsafeMutablePointer<UInt8>
  private var lastNumber = 0

  init() {
    entries = .allocate(capacity: Self.size)
    entries.initialize(repeating: Entry(), count: Self.size)
    text = .allocate(capacity: Self.size * Self.longestPath)
  }

  deinit {
    entries.deinitialize(count: Self.size)
    entries.deallocate()
    text.deallocate()
  }

  /// - Returns: whether `result` now is what `keep` was given for this method and path.
  func recall(
    _ method: RouteMethod?, _ path: UnsafeBufferPointer<UInt8>, into result: inout MatchResult
  ) -> Bool {
    guard let method, let start = path.baseAddress, path.count &- 1 < Self.longestPath else {
      return false
    }
    let hash = hash(method, start, path.count)
    let slot = self.slot(hash)
    let entry = entries + slot
    guard entry.pointee.hash == hash, entry.pointee.count == path.count,
      entry.pointee.method == method,
      memcmp(start, text + slot &* Self.longestPath, path.count) == 0
    else { return false }
    if result.remembered != entry.pointee.number {
      result.clear()
      // Copied, so that the arrays stay the result's own and are not made anew for the next path.
      result.layers.append(contentsOf: entry.pointee.layers)
      result.pathMatches.append(contentsOf: entry.pointee.pathMatches)
      result.remembered = entry.pointee.number
    }
    result.outcome = .route
    result.allowed = entry.pointee.allowed
    return true
  }

  func keep(
    _ method: RouteMethod?, _ path: UnsafeBufferPointer<UInt8>, _ result: borrowing MatchResult
  ) {
    guard let method, let start = path.baseAddress, path.count &- 1 < Self.longestPath,
      case .route = result.outcome, result.captures.isEmpty, result.exhausted == nil,
      result.pathMatches.count <= 16
    else { return }
    let hash = hash(method, start, path.count)
    let slot = self.slot(hash)
    lastNumber &+= 1
    entries[slot] = Entry(
      hash: hash, method: method, count: path.count, number: lastNumber,
      layers: Array(result.layers[...]), pathMatches: Array(result.pathMatches[...]),
      allowed: result.allowed)
    memcpy(text + slot &* Self.longestPath, start, path.count)
  }

  private func slot(_ hash: UInt64) -> Int { Int(hash >> 58) }

  private func hash(_ method: RouteMethod, _ start: UnsafePointer<UInt8>, _ count: Int) -> UInt64 {
    var state = UInt64(method.rawValue) << 8 ^ UInt64(truncatingIfNeeded: count)
    func add(_ word: UInt64) {
      state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
      state ^= state >> 29
    }
    if count >= 8 {
      var at = 0
      while at &+ 8 < count {
        add(load64(start, at))
        at &+= 8
      }
      add(load64(start, count &- 8))
    } else {
      var word: UInt64 = 0
      for at in 0..<count { word = word << 8 | UInt64(start[at]) }
      add(word)
    }
    return state &* 0x9E37_79B9_7F4A_7C15
  }
}
