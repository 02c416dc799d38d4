/// A JavaScript regular expression, run by backtracking over UTF-16 with an explicit stack.
///
/// Supported: everything of ECMAScript without the `u` and `v` flags: classes, groups (named too),
/// back references, lazy and counted repetition, look ahead and behind. Every step is counted
/// against the render's limit, so that no pattern can hang a page.
struct Regex {
  struct Range {
    let start: Int
    let end: Int
  }

  struct Match {
    /// The whole match first; nil for groups that took no part.
    let groups: [Range?]
    var start: Int { groups[0]?.start ?? 0 }
    var end: Int { groups[0]?.end ?? 0 }
  }

  struct SyntaxError: Error {
    let message: String
  }

  enum Step {
    case unit(UInt16)
    case any
    case set(Int)
    case lineStart, lineEnd
    case boundary(Bool)
    case split(Int, Int)
    case jump(Int)
    case save(Int)
    case clear(Int, Int)
    case back(Int)
    case mark(Int)
    case progress(Int)
    case look(ahead: Bool, wanted: Bool, end: Int)
    case accept
  }

  let source: String
  let flags: String
  let isGlobal: Bool
  let isSticky: Bool
  private let ignoresCase: Bool
  private let isMultiline: Bool
  private let program: [Step]
  private let sets: [RegexSet]
  private let groupCount: Int
  private let markCount: Int

  init(_ source: String, _ flags: String) throws(SyntaxError) {
    self.source = source.isEmpty ? "(?:)" : source
    if Set(flags).count != flags.count {
      throw SyntaxError(message: "Invalid flags supplied to RegExp constructor '\(flags)'")
    }
    self.flags = String(flags.sorted())
    isGlobal = flags.contains("g")
    isSticky = flags.contains("y")
    ignoresCase = flags.contains("i")
    isMultiline = flags.contains("m")
    var parser = RegexParser(source)
    try parser.parse()
    program = parser.steps
    sets = parser.sets
    groupCount = parser.groupCount + 1
    markCount = parser.markCount
  }

  /// The first match at or behind `from` (with the `y` flag, exactly there).
  func match(
    _ units: [UInt16], _ from: Int, _ budget: inout Int
  ) throws(TemplateError) -> Match? {
    if from > units.count || from < 0 { return nil }
    var machine = Machine(groups: groupCount, marks: markCount)
    var start = from
    while start <= units.count {
      machine.reset()
      if try run(&machine, units, 0, start, nil, &budget) != nil {
        var groups: [Range?] = []
        for group in 0..<groupCount {
          let low = machine.saved[group * 2]
          let high = machine.saved[group * 2 + 1]
          groups.append(low >= 0 && high >= 0 ? Range(start: low, end: high) : nil)
        }
        groups[0] = Range(start: start, end: machine.saved[1])
        return Match(groups: groups)
      }
      if isSticky { return nil }
      start += 1
    }
    return nil
  }

  private struct Machine {
    enum Undo {
      case branch(pc: Int, at: Int)
      case save(Int, Int)
      case mark(Int, Int)
    }

    var saved: [Int]
    var marks: [Int]
    var stack: [Undo] = []

    init(groups: Int, marks: Int) {
      saved = [Int](repeating: -1, count: groups * 2)
      self.marks = [Int](repeating: -1, count: marks)
    }

    mutating func reset() {
      for index in saved.indices { saved[index] = -1 }
      for index in marks.indices { marks[index] = -1 }
      stack.removeAll(keepingCapacity: true)
    }
  }

  /// Runs from `pc` at `start` until `accept`; in a look-behind the match must end at `mustEnd`.
  private func run(
    _ machine: inout Machine, _ units: [UInt16], _ entry: Int, _ start: Int, _ mustEnd: Int?,
    _ budget: inout Int
  ) throws(TemplateError) -> Int? {
    let floor = machine.stack.count
    var pc = entry
    var at = start
    while true {
      budget &-= 1
      if budget < 0 || machine.stack.count > 4_000_000 {
        throw .limit("a regular expression took too many steps: /\(source)/")
      }
      var failed = false
      switch program[pc] {
      case .unit(let unit):
        if at < units.count, equal(units[at], unit) {
          at += 1
          pc += 1
        } else {
          failed = true
        }
      case .any:
        if at < units.count, !RegexSet.isLineEnd(units[at]) {
          at += 1
          pc += 1
        } else {
          failed = true
        }
      case .set(let number):
        if at < units.count, sets[number].matches(units[at], ignoresCase) {
          at += 1
          pc += 1
        } else {
          failed = true
        }
      case .lineStart:
        if at == 0 || isMultiline && RegexSet.isLineEnd(units[at - 1]) {
          pc += 1
        } else {
          failed = true
        }
      case .lineEnd:
        if at == units.count || isMultiline && RegexSet.isLineEnd(units[at]) {
          pc += 1
        } else {
          failed = true
        }
      case .boundary(let wanted):
        let before = at > 0 && RegexSet.isWord(units[at - 1])
        let after = at < units.count && RegexSet.isWord(units[at])
        if (before != after) == wanted { pc += 1 } else { failed = true }
      case .split(let first, let second):
        machine.stack.append(.branch(pc: second, at: at))
        pc = first
      case .jump(let target): pc = target
      case .save(let slot):
        machine.stack.append(.save(slot, machine.saved[slot]))
        machine.saved[slot] = at
        pc += 1
      case .clear(let low, let high):
        if low < high {
          for slot in (low * 2)..<(high * 2) {
            machine.stack.append(.save(slot, machine.saved[slot]))
            machine.saved[slot] = -1
          }
        }
        pc += 1
      case .back(let group):
        let low = group * 2 < machine.saved.count ? machine.saved[group * 2] : -1
        let high = group * 2 < machine.saved.count ? machine.saved[group * 2 + 1] : -1
        if low >= 0, high >= low {
          let length = high - low
          if at + length <= units.count,
            (0..<length).allSatisfy({ equal(units[low + $0], units[at + $0]) })
          {
            at += length
            pc += 1
          } else {
            failed = true
          }
        } else {
          pc += 1
        }
      case .mark(let number):
        machine.stack.append(.mark(number, machine.marks[number]))
        machine.marks[number] = at
        pc += 1
      case .progress(let number):
        if machine.marks[number] == at { failed = true } else { pc += 1 }
      case .look(let ahead, let wanted, let end):
        let found = try look(&machine, units, pc + 1, at, ahead, wanted, &budget)
        if found { pc = end } else { failed = true }
      case .accept:
        if let mustEnd, at != mustEnd {
          failed = true
        } else {
          if mustEnd == nil, entry == 0 { machine.saved[1] = at }
          return at
        }
      }
      if !failed { continue }
      var resumed = false
      while machine.stack.count > floor {
        switch machine.stack.removeLast() {
        case .branch(let next, let position):
          pc = next
          at = position
          resumed = true
        case .save(let slot, let old): machine.saved[slot] = old
        case .mark(let number, let old): machine.marks[number] = old
        }
        if resumed { break }
      }
      if !resumed { return nil }
    }
  }

  private func look(
    _ machine: inout Machine, _ units: [UInt16], _ entry: Int, _ at: Int, _ ahead: Bool,
    _ wanted: Bool, _ budget: inout Int
  ) throws(TemplateError) -> Bool {
    var inner = machine
    inner.stack = []
    var found = false
    if ahead {
      found = try run(&inner, units, entry, at, nil, &budget) != nil
    } else {
      var start = at
      while start >= 0, !found {
        inner = machine
        inner.stack = []
        found = try run(&inner, units, entry, start, at, &budget) != nil
        start -= 1
      }
    }
    if found, wanted {
      for slot in machine.saved.indices where machine.saved[slot] != inner.saved[slot] {
        machine.stack.append(.save(slot, machine.saved[slot]))
        machine.saved[slot] = inner.saved[slot]
      }
    }
    return found == wanted
  }

  private func equal(_ left: UInt16, _ right: UInt16) -> Bool {
    left == right || ignoresCase && RegexSet.folded(left) == RegexSet.folded(right)
  }
}

/// A character class.
struct RegexSet {
  var ranges: [ClosedRange<UInt16>] = []
  var isNegated = false

  func matches(_ unit: UInt16, _ ignoresCase: Bool) -> Bool {
    if contains(unit) { return !isNegated }
    if ignoresCase {
      let folded = RegexSet.folded(unit)
      for candidate in [folded, RegexSet.lowered(folded)] where contains(candidate) {
        return !isNegated
      }
    }
    return isNegated
  }

  private func contains(_ unit: UInt16) -> Bool { ranges.contains { $0.contains(unit) } }

  static func folded(_ unit: UInt16) -> UInt16 {
    if unit < 0x80 { return unit &- 0x61 < 26 ? unit &- 32 : unit }
    guard let scalar = Unicode.Scalar(unit) else { return unit }
    let mapping = scalar.properties.uppercaseMapping.utf16
    if mapping.count == 1, let first = mapping.first, first >= 0x80 { return first }
    return unit
  }

  static func lowered(_ unit: UInt16) -> UInt16 {
    if unit < 0x80 { return unit &- 0x41 < 26 ? unit &+ 32 : unit }
    guard let scalar = Unicode.Scalar(unit) else { return unit }
    let mapping = scalar.properties.lowercaseMapping.utf16
    return mapping.count == 1 ? mapping.first ?? unit : unit
  }

  static func isLineEnd(_ unit: UInt16) -> Bool {
    unit == 0x0A || unit == 0x0D || unit == 0x2028 || unit == 0x2029
  }

  static func isWord(_ unit: UInt16) -> Bool {
    unit < 0x80 && (unit == 0x5F || digitValue(UInt8(unit)) != nil)
  }

  static let digits: [ClosedRange<UInt16>] = [0x30...0x39]
  static let words: [ClosedRange<UInt16>] = [0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]
  static let spaces: [ClosedRange<UInt16>] = [
    0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029,
    0x202F...0x202F, 0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF,
  ]

  static func inverted(_ ranges: [ClosedRange<UInt16>]) -> [ClosedRange<UInt16>] {
    var result: [ClosedRange<UInt16>] = []
    var next: UInt32 = 0
    for range in ranges {
      if UInt32(range.lowerBound) > next {
        result.append(UInt16(next)...(range.lowerBound - 1))
      }
      next = UInt32(range.upperBound) + 1
    }
    if next <= 0xFFFF { result.append(UInt16(next)...0xFFFF) }
    return result
  }
}
