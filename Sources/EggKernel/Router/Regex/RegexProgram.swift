/// One instruction of the matching machine. The meaning of `a`, `b`, `c` depends on the code.
struct RegexInstruction {
  enum Code: UInt8 {
    /// Consumes the byte `a`.
    case byte
    /// Consumes one byte of set `a`.
    case set
    /// Consumes between `b` and `c` bytes of set `a`, as many as possible first.
    case spinGreedy
    /// The same, as few as possible first.
    case spinLazy
    /// Tries `a`, then `b`.
    case split
    /// Goes on at `a`.
    case jump
    /// Writes the position into slot `a`.
    case save
    /// Forgets the slots `a ..< b`.
    case reset
    /// Fails when the position is still the one in slot `a`.
    case progress
    case start
    case end
    case lineStart
    case lineEnd
    /// At a word boundary (`a` = 0) or not at one (`a` = 1).
    case boundary
    /// Runs the instructions after this one without consuming, then goes on at `a`; `b` = 1 negates.
    case look
    case accept
  }

  var code: Code
  var a: Int32 = 0
  var b: Int32 = 0
  var c: Int32 = 0
}

/// Turns a parsed expression into instructions.
struct RegexCompiler {
  /// A larger program is refused; counted loops are written out and multiply.
  static let maximumInstructions = 16_384

  private(set) var instructions: [RegexInstruction] = []
  /// 256 flags a set.
  private(set) var sets: [Bool] = []
  private(set) var slotCount: Int
  private var setIndexes: [RegexByteSet: Int32] = [:]
  private let multiline: Bool

  init(groupCount: Int, multiline: Bool) {
    slotCount = 2 * (groupCount + 1)
    self.multiline = multiline
  }

  mutating func compile(_ node: RegexNode) throws(RouteRegexError) {
    try emit(node)
    try add(.accept)
  }

  private mutating func emit(_ node: RegexNode) throws(RouteRegexError) {
    switch node {
    case .empty:
      break
    case .set(let set):
      if let byte = set.onlyByte {
        try add(.byte, Int32(byte))
      } else {
        try add(.set, setIndex(set))
      }
    case .sequence(let nodes):
      for node in nodes { try emit(node) }
    case .alternation(let nodes):
      var jumps: [Int] = []
      for node in nodes.dropLast() {
        let split = try add(.split)
        instructions[split].a = next
        try emit(node)
        jumps.append(try add(.jump))
        instructions[split].b = next
      }
      try emit(nodes[nodes.count - 1])
      for jump in jumps { instructions[jump].a = next }
    case .group(let index, let inner):
      try add(.save, Int32(2 * index))
      try emit(inner)
      try add(.save, Int32(2 * index + 1))
    case .loop(let inner, let min, let max, let greedy, let captures):
      try emitLoop(inner, min: min, max: max, greedy: greedy, captures: captures)
    case .start:
      try add(multiline ? .lineStart : .start)
    case .end:
      try add(multiline ? .lineEnd : .end)
    case .wordBoundary(let negated):
      try add(.boundary, negated ? 1 : 0)
    case .lookahead(let inner, let negated):
      let look = try add(.look, 0, negated ? 1 : 0)
      try emit(inner)
      try add(.accept)
      instructions[look].a = next
    }
  }

  private mutating func emitLoop(
    _ inner: RegexNode, min: Int, max: Int?, greedy: Bool, captures: Range<Int>
  ) throws(RouteRegexError) {
    if case .set(let set) = inner {
      try add(
        greedy ? .spinGreedy : .spinLazy, setIndex(set), Int32(min), max.map(Int32.init) ?? .max)
      return
    }
    for _ in 0..<min { try emitRound(inner, captures: captures, register: nil) }
    // A round that consumes nothing is refused (ECMA-262, RepeatMatcher step 2.b), else `(a*)*`
    // would never end.
    var register: Int32?
    if inner.canBeEmpty {
      register = Int32(slotCount)
      slotCount += 1
    }
    guard let max else {
      let split = try add(.split)
      let body = next
      try emitRound(inner, captures: captures, register: register)
      try add(.jump, Int32(split))
      aim(split, body: body, out: next, greedy: greedy)
      return
    }
    var splits: [(Int, Int32)] = []
    for _ in min..<max {
      splits.append((try add(.split), next))
      try emitRound(inner, captures: captures, register: register)
    }
    for (split, body) in splits { aim(split, body: body, out: next, greedy: greedy) }
  }

  private mutating func emitRound(
    _ inner: RegexNode, captures: Range<Int>, register: Int32?
  ) throws(RouteRegexError) {
    if let register { try add(.save, register) }
    if !captures.isEmpty {
      try add(.reset, Int32(2 * captures.lowerBound), Int32(2 * captures.upperBound))
    }
    try emit(inner)
    if let register { try add(.progress, register) }
  }

  private mutating func aim(_ split: Int, body: Int32, out: Int32, greedy: Bool) {
    instructions[split].a = greedy ? body : out
    instructions[split].b = greedy ? out : body
  }

  private var next: Int32 { Int32(instructions.count) }

  @discardableResult
  private mutating func add(
    _ code: RegexInstruction.Code, _ a: Int32 = 0, _ b: Int32 = 0, _ c: Int32 = 0
  ) throws(RouteRegexError) -> Int {
    guard instructions.count < Self.maximumInstructions else {
      throw RouteRegexError(message: "too large once its counted loops are written out", offset: 0)
    }
    instructions.append(RegexInstruction(code: code, a: a, b: b, c: c))
    return instructions.count - 1
  }

  private mutating func setIndex(_ set: RegexByteSet) -> Int32 {
    if let index = setIndexes[set] { return index }
    let index = Int32(sets.count / 256)
    setIndexes[set] = index
    for byte in UInt8.min...UInt8.max { sets.append(set.contains(byte)) }
    return index
  }
}
