/// A set of byte values.
struct RegexByteSet: Hashable, Sendable {
  private var a: UInt64 = 0
  private var b: UInt64 = 0
  private var c: UInt64 = 0
  private var d: UInt64 = 0

  init() {}

  init(_ bytes: some Sequence<UInt8>) {
    for byte in bytes { insert(byte) }
  }

  func contains(_ byte: UInt8) -> Bool {
    let bit = UInt64(1) << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: return a & bit != 0
    case 1: return b & bit != 0
    case 2: return c & bit != 0
    default: return d & bit != 0
    }
  }

  mutating func insert(_ byte: UInt8) {
    let bit = UInt64(1) << UInt64(byte & 63)
    switch byte >> 6 {
    case 0: a |= bit
    case 1: b |= bit
    case 2: c |= bit
    default: d |= bit
    }
  }

  mutating func formUnion(_ other: RegexByteSet) {
    a |= other.a
    b |= other.b
    c |= other.c
    d |= other.d
  }

  var inverted: RegexByteSet {
    var result = self
    result.a = ~a
    result.b = ~b
    result.c = ~c
    result.d = ~d
    return result
  }

  /// The set with both cases of every ASCII letter in it.
  var caseFolded: RegexByteSet {
    var result = self
    for byte in UInt8(ascii: "a")...UInt8(ascii: "z") {
      if contains(byte) { result.insert(byte & ~0x20) }
      if contains(byte & ~0x20) { result.insert(byte) }
    }
    return result
  }

  /// The only member, when there is exactly one.
  var onlyByte: UInt8? {
    let size = a.nonzeroBitCount + b.nonzeroBitCount + c.nonzeroBitCount + d.nonzeroBitCount
    guard size == 1 else { return nil }
    if a != 0 { return UInt8(a.trailingZeroBitCount) }
    if b != 0 { return UInt8(64 + b.trailingZeroBitCount) }
    if c != 0 { return UInt8(128 + c.trailingZeroBitCount) }
    return UInt8(192 + d.trailingZeroBitCount)
  }

  static let digits = RegexByteSet(48...57)
  static let word = RegexByteSet((0...127).filter { RouteByte.isWord($0) })
  static let space = RegexByteSet([9, 10, 11, 12, 13, 32])
  static let lineEnds = RegexByteSet([10, 13])
}

/// A parsed regular expression over bytes.
indirect enum RegexNode {
  case empty
  case set(RegexByteSet)
  case sequence([RegexNode])
  case alternation([RegexNode])
  /// A capturing group; the first has index 1.
  case group(Int, RegexNode)
  /// `captures` are the groups inside, which each round of the loop forgets first.
  case loop(RegexNode, min: Int, max: Int?, greedy: Bool, captures: Range<Int>)
  case start
  case end
  case wordBoundary(negated: Bool)
  case lookahead(RegexNode, negated: Bool)

  /// True when the node may match without consuming a byte.
  var canBeEmpty: Bool {
    switch self {
    case .empty, .start, .end, .wordBoundary, .lookahead: true
    case .set: false
    case .sequence(let nodes): nodes.allSatisfy(\.canBeEmpty)
    case .alternation(let nodes): nodes.contains(where: \.canBeEmpty)
    case .group(_, let node): node.canBeEmpty
    case .loop(let node, let min, _, _, _): min == 0 || node.canBeEmpty
    }
  }

  /// True when the node may consume this byte somewhere.
  func canConsume(_ byte: UInt8) -> Bool {
    switch self {
    case .empty, .start, .end, .wordBoundary, .lookahead: false
    case .set(let set): set.contains(byte)
    case .sequence(let nodes), .alternation(let nodes): nodes.contains { $0.canConsume(byte) }
    case .group(_, let node): node.canConsume(byte)
    case .loop(let node, _, _, _, _): node.canConsume(byte)
    }
  }

  /// The bytes every match starts with, when the expression is anchored at the start; nil when it
  /// is not anchored.
  var anchoredLiteral: [UInt8]? {
    guard case .sequence(let nodes) = self, case .start? = nodes.first else { return nil }
    var bytes: [UInt8] = []
    for node in nodes.dropFirst() {
      guard case .set(let set) = node, let byte = set.onlyByte else { break }
      bytes.append(byte)
    }
    return bytes
  }
}
