/// Finds the routes that a path may match without looking at the others.
///
/// A tree over path segments. Each node holds the routes that end there and those that may go on;
/// children are found through one hash table for the whole tree. The tree admits too much rather
/// than too little: whoever asks matches each candidate exactly.
///
/// Cost: the segments of the path, times two where literal and parameter branches both exist, plus
/// the candidates. Routes under other prefixes cost nothing.
final class RouteIndex {
  private struct Node {
    /// Routes that end here, as a range of `lists`.
    var exactStart: Int32 = 0
    var exactEnd: Int32 = 0
    /// Routes that may match anything below.
    var openStart: Int32 = 0
    var openEnd: Int32 = 0
    /// The child for any segment; -1 when there is none.
    var any: Int32 = -1
    var hasLiterals = false
  }

  private struct Edge {
    var parent: Int32 = -1
    var child: Int32 = -1
    var textStart: Int32 = 0
    var textEnd: Int32 = 0
    var hash: UInt64 = 0
  }

  /// The compiled patterns, by `Route.index`.
  private let matchers: [RouteMatcher]
  private let nodes: [Node]
  private let lists: [Int32]
  /// Open addressing; the size is a power of two, at most half full.
  private let edges: [Edge]
  private let text: [UInt8]
  private let hasFolded: Bool

  private static let sensitiveRoot = 0
  private static let foldedRoot = 1

  /// - Parameter matchers: in registration order.
  init(_ matchers: [RouteMatcher]) {
    self.matchers = matchers
    var builder = Builder()
    for (index, matcher) in matchers.enumerated() {
      builder.add(matcher.shape, Int32(index), folds: !matcher.isCaseSensitive)
    }
    (nodes, lists) = builder.flattened()
    edges = builder.hashed()
    text = builder.text
    hasFolded = matchers.contains { !$0.isCaseSensitive }
  }

  /// Not counted: it lives as long as the index.
  func matcher(_ route: Int32) -> Unmanaged<RouteMatcher> {
    .passUnretained(matchers[Int(route)])
  }

  /// The tree while it grows.
  private struct Builder {
    // Two trees in one: the second is for routes that ignore case, with lower-case edges.
    var nodes = [Node(), Node()]
    var exact: [[Int32]] = [[], []]
    var open: [[Int32]] = [[], []]
    var edges: [Edge] = []
    var text: [UInt8] = []
    var known: [EdgeKey: Int] = [:]

    mutating func add(_ shape: PathShape, _ index: Int32, folds: Bool) {
      var node = folds ? RouteIndex.foldedRoot : RouteIndex.sensitiveRoot
      for segment in shape.segments {
        switch segment {
        case .any:
          if nodes[node].any < 0 { nodes[node].any = Int32(addNode()) }
          node = Int(nodes[node].any)
        case .literal(let bytes):
          node = child(of: node, folds ? bytes.map(RouteByte.lower) : bytes)
        }
      }
      if shape.isOpen { open[node].append(index) } else { exact[node].append(index) }
    }

    private mutating func child(of parent: Int, _ bytes: [UInt8]) -> Int {
      let key = EdgeKey(parent: parent, bytes: bytes)
      if let found = known[key] { return found }
      let child = addNode()
      known[key] = child
      nodes[parent].hasLiterals = true
      let start = Int32(text.count)
      text += bytes
      var hash = SegmentHash(parent: parent)
      for byte in bytes { hash.add(byte) }
      edges.append(
        Edge(
          parent: Int32(parent), child: Int32(child), textStart: start, textEnd: Int32(text.count),
          hash: hash.value))
      return child
    }

    private mutating func addNode() -> Int {
      nodes.append(Node())
      exact.append([])
      open.append([])
      return nodes.count - 1
    }

    func flattened() -> ([Node], [Int32]) {
      var nodes = nodes
      var lists: [Int32] = []
      for node in nodes.indices {
        nodes[node].exactStart = Int32(lists.count)
        lists += exact[node]
        nodes[node].exactEnd = Int32(lists.count)
        nodes[node].openStart = Int32(lists.count)
        lists += open[node]
        nodes[node].openEnd = Int32(lists.count)
      }
      return (nodes, lists)
    }

    func hashed() -> [Edge] {
      var size = 16
      while size < edges.count * 2 { size *= 2 }
      var table = [Edge](repeating: Edge(), count: size)
      for edge in edges {
        var slot = Int(truncatingIfNeeded: edge.hash) & (size - 1)
        while table[slot].parent >= 0 { slot = (slot + 1) & (size - 1) }
        table[slot] = edge
      }
      return table
    }
  }

  private struct EdgeKey: Hashable {
    var parent: Int
    var bytes: [UInt8]
  }

  /// Appends the indexes of all routes that may match, in registration order.
  func collect(_ path: RoutePath, into candidates: inout [Int32]) {
    let first = candidates.count
    walk(Self.sensitiveRoot, path, 0, folds: false, &candidates)
    if hasFolded { walk(Self.foldedRoot, path, 0, folds: true, &candidates) }
    let added = candidates.count - first
    guard added > 1 else { return }
    if added <= 16 {
      // Insertion: few, and often in order already.
      for index in (first + 1)..<candidates.count {
        let value = candidates[index]
        var slot = index
        while slot > first, candidates[slot - 1] > value {
          candidates[slot] = candidates[slot - 1]
          slot -= 1
        }
        candidates[slot] = value
      }
    } else {
      candidates[first...].sort()
    }
  }

  /// `position` is at a `/`, or at the end of the path. Recursion is as deep as the longest pattern.
  private func walk(
    _ start: Int, _ path: RoutePath, _ begin: Int, folds: Bool, _ candidates: inout [Int32]
  ) {
    var index = start
    var position = begin
    while true {
      let node = nodes[index]
      for slot in node.openStart..<node.openEnd { candidates.append(lists[Int(slot)]) }
      let left = path.count &- position
      // A path that does not begin with a slash reaches only what is open at the root.
      guard left == 0 || path[position] == RouteByte.slash else { return }
      if left <= 1 {
        for slot in node.exactStart..<node.exactEnd { candidates.append(lists[Int(slot)]) }
      }
      guard left > 0, node.any >= 0 || node.hasLiterals else { return }
      let segment = position &+ 1
      var child: Int?
      if node.hasLiterals {
        var hash = SegmentHash(parent: index)
        position = hash.add(path, from: segment, folds: folds)
        child = literalChild(of: index, path, segment..<position, hash.value, folds: folds)
      } else {
        position = path.slash(from: segment)
      }
      if let child {
        guard node.any >= 0 else {
          index = child
          continue
        }
        walk(child, path, position, folds: folds, &candidates)
      }
      guard node.any >= 0 else { return }
      index = Int(node.any)
    }
  }

  private func literalChild(
    of parent: Int, _ path: RoutePath, _ segment: Range<Int>, _ hash: UInt64, folds: Bool
  ) -> Int? {
    let mask = edges.count &- 1
    var slot = Int(truncatingIfNeeded: hash) & mask
    while true {
      let edge = edges[slot]
      if edge.parent < 0 { return nil }
      if edge.hash == hash, Int(edge.parent) == parent,
        Int(edge.textEnd &- edge.textStart) == segment.count,
        holdsText(of: edge, path, segment.lowerBound, folds: folds)
      {
        return Int(edge.child)
      }
      slot = (slot &+ 1) & mask
    }
  }

  private func holdsText(of edge: Edge, _ path: RoutePath, _ begin: Int, folds: Bool) -> Bool {
    let range = Int(edge.textStart)..<Int(edge.textEnd)
    guard folds else { return path.holds(text, range, at: begin) }
    return range.allSatisfy { RouteByte.lower(path[begin + $0 - range.lowerBound]) == text[$0] }
  }
}

/// The hash of one segment below one node, eight bytes a step. Only the application's own patterns
/// are in the table, so that it need not withstand chosen collisions.
private struct SegmentHash {
  private var state: UInt64
  private var word: UInt64 = 0
  private var count = 0

  init(parent: Int) { state = UInt64(truncatingIfNeeded: parent) &+ 1 }

  mutating func add(_ byte: UInt8) {
    word = word << 8 | UInt64(byte)
    count &+= 1
    if count & 7 == 0 { mix() }
  }

  /// Adds the bytes from `start` to the next `/` or the end.
  /// - Returns: the position after them.
  mutating func add(_ path: RoutePath, from start: Int, folds: Bool) -> Int {
    var position = start
    let end = path.count
    while position < end {
      let byte = path[position]
      if byte == RouteByte.slash { break }
      add(folds ? RouteByte.lower(byte) : byte)
      position &+= 1
    }
    return position
  }

  var value: UInt64 {
    var copy = self
    copy.word ^= UInt64(truncatingIfNeeded: count) << 56
    copy.mix()
    return copy.state
  }

  private mutating func mix() {
    state = (state ^ word) &* 0x9E37_79B9_7F4A_7C15
    state ^= state >> 29
    word = 0
  }
}
