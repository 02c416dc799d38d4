/// Compiles a pattern to steps.
struct RegexParser {
  private let units: [UInt16]
  private var at = 0
  private(set) var steps: [Regex.Step] = []
  private(set) var sets: [RegexSet] = []
  private(set) var groupCount = 0
  private(set) var markCount = 0
  private var names: [String: Int] = [:]
  private var totalGroups = 0
  private var depth = 0

  init(_ source: String) {
    units = Array(source.utf16)
    countGroups()
  }

  mutating func parse() throws(Regex.SyntaxError) {
    try alternatives()
    if at < units.count { throw error("Unmatched ')'") }
    steps.append(.accept)
  }

  private func error(_ message: String) -> Regex.SyntaxError { .init(message: message) }

  private mutating func countGroups() {
    var index = 0
    var inSet = false
    while index < units.count {
      switch character(index) {
      case "\\": index += 1
      case "[": inSet = true
      case "]": inSet = false
      case "(" where !inSet:
        if character(index + 1) != "?" {
          totalGroups += 1
        } else if character(index + 2) == "<", character(index + 3) != "=",
          character(index + 3) != "!"
        {
          totalGroups += 1
          var name = ""
          var end = index + 3
          while end < units.count, character(end) != ">" {
            name.append(character(end))
            end += 1
          }
          names[name] = totalGroups
        }
      default: break
      }
      index += 1
    }
  }

  private func character(_ index: Int) -> Character {
    guard index < units.count, let scalar = Unicode.Scalar(units[index]) else { return "\0" }
    return Character(scalar)
  }

  private var current: Character? { at < units.count ? character(at) : nil }

  private mutating func skip(_ wanted: Character) -> Bool {
    if current == wanted {
      at += 1
      return true
    }
    return false
  }

  private mutating func alternatives() throws(Regex.SyntaxError) {
    depth += 1
    defer { depth -= 1 }
    if depth > 60 { throw error("nested too deep") }
    let start = steps.count
    try sequence()
    var exits: [Int] = []
    while skip("|") {
      insert(.split(0, 0), at: start, count: 1)
      exits.append(steps.count)
      steps.append(.jump(0))
      steps[start] = .split(start + 1, steps.count)
      // What follows is the next alternative; nest it behind the split.
      let next = steps.count
      try sequence()
      if current == "|" {
        var inner: [Int] = []
        try moreAlternatives(next, &inner)
        exits += inner
      }
    }
    for exit in exits { steps[exit] = .jump(steps.count) }
  }

  private mutating func moreAlternatives(
    _ first: Int, _ exits: inout [Int]
  ) throws(Regex.SyntaxError) {
    var start = first
    while skip("|") {
      insert(.split(0, 0), at: start, count: 1)
      exits.append(steps.count)
      steps.append(.jump(0))
      steps[start] = .split(start + 1, steps.count)
      start = steps.count
      try sequence()
    }
  }

  /// Makes room before a fragment; targets inside it move along.
  private mutating func insert(_ step: Regex.Step, at index: Int, count: Int) {
    for position in index..<steps.count {
      switch steps[position] {
      case .split(let a, let b):
        steps[position] = .split(a >= index ? a + count : a, b >= index ? b + count : b)
      case .jump(let a): steps[position] = .jump(a >= index ? a + count : a)
      case .look(let ahead, let wanted, let end):
        steps[position] = .look(ahead: ahead, wanted: wanted, end: end >= index ? end + count : end)
      default: break
      }
    }
    steps.insert(contentsOf: [Regex.Step](repeating: step, count: count), at: index)
  }

  private mutating func sequence() throws(Regex.SyntaxError) {
    while let character = current, character != "|", character != ")" {
      let start = steps.count
      let groups = groupCount
      let isAtom = try atom()
      try quantifier(start, groups, isAtom)
      if steps.count > 20_000 { throw error("pattern too large") }
    }
  }

  private mutating func quantifier(
    _ start: Int, _ groupsBefore: Int, _ isAtom: Bool
  ) throws(Regex.SyntaxError) {
    var low = 0
    var high: Int? = nil
    switch current {
    case "*": at += 1
    case "+":
      at += 1
      low = 1
    case "?":
      at += 1
      high = 1
    case "{":
      guard let counts = braces() else { return }
      (low, high) = counts
      if let high, high < low { throw error("numbers out of order in {} quantifier") }
    default: return
    }
    if !isAtom { throw error("Nothing to repeat") }
    let lazy = skip("?")
    let body = Array(steps[start...])
    if body.count * (low + (high ?? low) + 1) > 20_000 { throw error("repetition too large") }
    steps.removeLast(body.count)
    func copy(_ to: Int) {
      let shift = to - start
      for step in body {
        switch step {
        case .split(let a, let b): steps.append(.split(a + shift, b + shift))
        case .jump(let a): steps.append(.jump(a + shift))
        case .look(let ahead, let wanted, let end):
          steps.append(.look(ahead: ahead, wanted: wanted, end: end + shift))
        default: steps.append(step)
        }
      }
    }
    func split(_ body: Int, _ exit: Int) -> Regex.Step {
      lazy ? .split(exit, body) : .split(body, exit)
    }
    for _ in 0..<low {
      steps.append(.clear(groupsBefore + 1, groupCount + 1))
      copy(steps.count)
    }
    if let high {
      var splits: [Int] = []
      for _ in low..<max(high, low) {
        splits.append(steps.count)
        steps.append(.jump(0))
        let mark = newMark()
        steps.append(.mark(mark))
        steps.append(.clear(groupsBefore + 1, groupCount + 1))
        copy(steps.count)
        steps.append(.progress(mark))
      }
      for position in splits { steps[position] = split(position + 1, steps.count) }
    } else {
      let loop = steps.count
      steps.append(.jump(0))
      let mark = newMark()
      steps.append(.mark(mark))
      steps.append(.clear(groupsBefore + 1, groupCount + 1))
      copy(steps.count)
      steps.append(.progress(mark))
      steps.append(.jump(loop))
      steps[loop] = split(loop + 1, steps.count)
    }
  }

  private mutating func newMark() -> Int {
    markCount += 1
    return markCount - 1
  }

  /// `{n}`, `{n,}` or `{n,m}`; nil (and a literal brace) for anything else.
  private mutating func braces() -> (Int, Int?)? {
    var index = at + 1
    func digits() -> Int? {
      let from = index
      var number = 0
      while index < units.count, units[index] >= 0x30, units[index] <= 0x39 {
        number = min(number * 10 + Int(units[index]) - 0x30, 1_000_000)
        index += 1
      }
      return index > from ? number : nil
    }
    guard let low = digits() else { return nil }
    var high: Int? = low
    if character(index) == "," {
      index += 1
      high = digits()
    }
    guard index < units.count, character(index) == "}" else { return nil }
    at = index + 1
    return (low, high)
  }

  /// - Returns: whether a quantifier may follow.
  private mutating func atom() throws(Regex.SyntaxError) -> Bool {
    let character = current
    switch character {
    case "^":
      at += 1
      steps.append(.lineStart)
      return false
    case "$":
      at += 1
      steps.append(.lineEnd)
      return false
    case ".":
      at += 1
      steps.append(.any)
    case "(": return try group()
    case "[":
      at += 1
      try set()
    case "\\": return try escape()
    case "*", "+", "?": throw error("Nothing to repeat")
    case "{":
      let before = at
      if braces() != nil { throw error("Nothing to repeat") }
      at = before + 1
      steps.append(.unit(units[before]))
    default:
      steps.append(.unit(units[at]))
      at += 1
    }
    return true
  }

  private mutating func group() throws(Regex.SyntaxError) -> Bool {
    at += 1
    guard skip("?") else {
      groupCount += 1
      return try captured(groupCount)
    }
    if skip(":") {
      try alternatives()
      if !skip(")") { throw error("Unterminated group") }
      return true
    }
    var ahead = true
    if skip("<") {
      if current != "=", current != "!" {
        while let character = current, character != ">" {
          _ = character
          at += 1
        }
        if !skip(">") { throw error("Invalid capture group name") }
        groupCount += 1
        return try captured(groupCount)
      }
      ahead = false
    }
    let wanted: Bool
    if skip("=") {
      wanted = true
    } else if skip("!") {
      wanted = false
    } else {
      throw error("Invalid group")
    }
    let start = steps.count
    steps.append(.look(ahead: ahead, wanted: wanted, end: 0))
    try alternatives()
    if !skip(")") { throw error("Unterminated group") }
    steps.append(.accept)
    steps[start] = .look(ahead: ahead, wanted: wanted, end: steps.count)
    return ahead
  }

  private mutating func captured(_ number: Int) throws(Regex.SyntaxError) -> Bool {
    steps.append(.save(number * 2))
    try alternatives()
    if !skip(")") { throw error("Unterminated group") }
    steps.append(.save(number * 2 + 1))
    return true
  }

  private mutating func add(_ ranges: [ClosedRange<UInt16>], negated: Bool = false) {
    sets.append(RegexSet(ranges: ranges, isNegated: negated))
    steps.append(.set(sets.count - 1))
  }

  private mutating func escape() throws(Regex.SyntaxError) -> Bool {
    at += 1
    guard let character = current else { throw error("\\ at end of pattern") }
    switch character {
    case "b", "B":
      at += 1
      steps.append(.boundary(character == "b"))
      return false
    case "1"..."9":
      var index = at
      var number = 0
      while index < units.count, units[index] >= 0x30, units[index] <= 0x39, number < 10_000 {
        number = number * 10 + Int(units[index]) - 0x30
        index += 1
      }
      if number <= totalGroups {
        at = index
        steps.append(.back(number))
        return true
      }
    case "k" where !names.isEmpty:
      var index = at + 2
      var name = ""
      while index < units.count, self.character(index) != ">" {
        name.append(self.character(index))
        index += 1
      }
      guard let number = names[name] else { throw error("Invalid named reference") }
      at = index + 1
      steps.append(.back(number))
      return true
    default: break
    }
    if let (ranges, negated) = classEscape() {
      add(ranges, negated: negated)
    } else {
      steps.append(.unit(unitEscape()))
    }
    return true
  }

  private mutating func classEscape() -> ([ClosedRange<UInt16>], Bool)? {
    let result: ([ClosedRange<UInt16>], Bool)
    switch current {
    case "d": result = (RegexSet.digits, false)
    case "D": result = (RegexSet.digits, true)
    case "w": result = (RegexSet.words, false)
    case "W": result = (RegexSet.words, true)
    case "s": result = (RegexSet.spaces, false)
    case "S": result = (RegexSet.spaces, true)
    default: return nil
    }
    at += 1
    return result
  }

  /// The single unit an escape stands for; the backslash is behind us.
  private mutating func unitEscape() -> UInt16 {
    let unit = units[at]
    let character = self.character(at)
    at += 1
    func hex(_ count: Int) -> UInt16? {
      guard at + count <= units.count else { return nil }
      var number: UInt16 = 0
      for index in at..<(at + count) {
        guard units[index] < 0x80, let digit = digitValue(UInt8(units[index])), digit < 16 else {
          return nil
        }
        number = number << 4 | UInt16(digit)
      }
      at += count
      return number
    }
    switch character {
    case "n": return 0x0A
    case "t": return 0x09
    case "r": return 0x0D
    case "v": return 0x0B
    case "f": return 0x0C
    case "0": return 0
    case "x": return hex(2) ?? unit
    case "u": return hex(4) ?? unit
    case "c":
      if at < units.count, units[at] < 0x80, (units[at] | 0x20) &- 0x61 < 26 {
        at += 1
        return units[at - 1] & 0x1F
      }
      at -= 1
      return 0x5C
    default: return unit
    }
  }

  private mutating func set() throws(Regex.SyntaxError) {
    var set = RegexSet()
    set.isNegated = skip("^")
    while true {
      guard let character = current else { throw error("Unterminated character class") }
      if character == "]" {
        at += 1
        break
      }
      let low = try setPart(&set)
      guard let low, current == "-", at + 1 < units.count, self.character(at + 1) != "]" else {
        if let low { set.ranges.append(low...low) }
        continue
      }
      at += 1
      if let high = try setPart(&set) {
        if high < low { throw error("Range out of order in character class") }
        set.ranges.append(low...high)
      } else {
        set.ranges.append(low...low)
        set.ranges.append(0x2D...0x2D)
      }
    }
    sets.append(set)
    steps.append(.set(sets.count - 1))
  }

  /// One unit, or nil after adding a whole class.
  private mutating func setPart(_ set: inout RegexSet) throws(Regex.SyntaxError) -> UInt16? {
    guard skip("\\") else {
      at += 1
      return units[at - 1]
    }
    guard let character = current else { throw error("\\ at end of pattern") }
    if let (ranges, negated) = classEscape() {
      set.ranges += negated ? RegexSet.inverted(ranges) : ranges
      return nil
    }
    if character == "b" {
      at += 1
      return 0x08
    }
    return unitEscape()
  }
}
