/// The memory of matching, kept between matches so that none is allocated.
package struct RegexScratch: Sendable {
  struct Entry {
    enum Kind: Int32 {
      /// Go on at `pc` and `position`.
      case branch
      /// Slot `pc` had the value `position`.
      case slot
      /// A greedy spin that ends before `pc`: give back one byte, not below `extra`.
      case giveBack
      /// A lazy spin at `pc`: take one more byte; `extra` are left.
      case takeMore
    }
    var kind: Kind
    var pc: Int32
    var position: Int32
    var extra: Int32
  }

  var slots: [Int32] = []
  var stack: [Entry] = []

  package init() {}

  mutating func reset(slots count: Int) {
    // What one hostile path made it grow to is not kept.
    stack.removeAll(keepingCapacity: stack.capacity <= 4096)
    slots.removeAll(keepingCapacity: true)
    for _ in 0..<count { slots.append(-1) }
  }

  /// The range of a group after a match; nil when the group took no part. 0 is the whole match.
  package func capture(_ group: Int) -> Range<Int>? {
    let begin = slots[2 * group]
    let end = slots[2 * group + 1]
    return begin >= 0 && end >= begin ? Int(begin)..<Int(end) : nil
  }
}

/// Runs a program over a path: a backtracking machine with its own stack and a step limit.
struct RegexMachine {
  private let path: RoutePath
  private let origin: Int
  private var steps: Int

  init(path: RoutePath, origin: Int, steps: Int) {
    self.path = path
    self.origin = origin
    self.steps = steps
  }

  var isExhausted: Bool { steps <= 0 }

  /// Runs from `pc` at `position` until `accept`.
  /// - Returns: the position at `accept`; nil when nothing matches or the steps are used up.
  mutating func run(
    _ regex: RouteRegex, pc first: Int, position start: Int, scratch: inout RegexScratch
  ) -> Int? {
    let base = scratch.stack.count
    var pc = first
    var position = start
    while true {
      steps &-= 1
      if steps <= 0 { return nil }
      let instruction = regex.instructions[pc]
      var goesOn = true
      switch instruction.code {
      case .byte:
        goesOn = position < path.count && path[position] == UInt8(truncatingIfNeeded: instruction.a)
        position &+= 1
        pc &+= 1
      case .set:
        goesOn = position < path.count && regex.sets[Int(instruction.a) << 8 | Int(path[position])]
        position &+= 1
        pc &+= 1
      case .spinGreedy, .spinLazy:
        goesOn = spin(instruction, regex, pc: pc, position: &position, scratch: &scratch)
        pc &+= 1
      case .split:
        push(&scratch, .branch, Int(instruction.b), position)
        pc = Int(instruction.a)
      case .jump:
        pc = Int(instruction.a)
      case .save:
        let slot = Int(instruction.a)
        push(&scratch, .slot, slot, Int(scratch.slots[slot]))
        scratch.slots[slot] = Int32(truncatingIfNeeded: position)
        pc &+= 1
      case .reset:
        for slot in Int(instruction.a)..<Int(instruction.b) where scratch.slots[slot] >= 0 {
          push(&scratch, .slot, slot, Int(scratch.slots[slot]))
          scratch.slots[slot] = -1
        }
        pc &+= 1
      case .progress:
        goesOn = Int(scratch.slots[Int(instruction.a)]) != position
        pc &+= 1
      case .start:
        goesOn = position == origin
        pc &+= 1
      case .end:
        goesOn = position == path.count
        pc &+= 1
      case .lineStart:
        goesOn = position == origin || isLineEnd(path[position - 1])
        pc &+= 1
      case .lineEnd:
        goesOn = position == path.count || isLineEnd(path[position])
        pc &+= 1
      case .boundary:
        let before = position > origin && RouteByte.isWord(path[position - 1])
        let after = position < path.count && RouteByte.isWord(path[position])
        goesOn = (before != after) == (instruction.a == 0)
        pc &+= 1
      case .look:
        goesOn = look(regex, pc: pc, negated: instruction.b == 1, position, scratch: &scratch)
        pc = Int(instruction.a)
      case .accept:
        return position
      }
      if goesOn { continue }
      if steps <= 0 || !backtrack(regex, to: base, pc: &pc, position: &position, &scratch) {
        return nil
      }
    }
  }

  /// Consumes a run of one set; `pc` is the instruction's own.
  private mutating func spin(
    _ instruction: RegexInstruction, _ regex: RouteRegex, pc: Int, position: inout Int,
    scratch: inout RegexScratch
  ) -> Bool {
    let set = Int(instruction.a) << 8
    let least = Int(instruction.b)
    let most = Int(instruction.c)
    let begin = position
    let wanted = instruction.code == .spinGreedy ? most : least
    let stop = wanted < path.count &- begin ? begin &+ wanted : path.count
    while position < stop, regex.sets[set | Int(path[position])] { position &+= 1 }
    // Long runs cost time too, so that they count as steps.
    steps &-= (position &- begin) >> 3
    guard position &- begin >= least else { return false }
    if instruction.code == .spinGreedy {
      if position &- begin > least {
        push(&scratch, .giveBack, pc &+ 1, position, extra: begin &+ least)
      }
    } else if most > least {
      push(&scratch, .takeMore, pc, position, extra: most &- least)
    }
    return true
  }

  /// Goes back to the latest choice above `base`, undoing slots on the way.
  private func backtrack(
    _ regex: RouteRegex, to base: Int, pc: inout Int, position: inout Int,
    _ scratch: inout RegexScratch
  ) -> Bool {
    while scratch.stack.count > base {
      let entry = scratch.stack.removeLast()
      switch entry.kind {
      case .slot:
        scratch.slots[Int(entry.pc)] = entry.position
      case .branch:
        pc = Int(entry.pc)
        position = Int(entry.position)
        return true
      case .giveBack:
        pc = Int(entry.pc)
        position = Int(entry.position) - 1
        if entry.position - 1 > entry.extra {
          push(&scratch, .giveBack, pc, position, extra: Int(entry.extra))
        }
        return true
      case .takeMore:
        position = Int(entry.position)
        let set = Int(regex.instructions[Int(entry.pc)].a) << 8
        guard position < path.count, regex.sets[set | Int(path[position])] else { continue }
        position += 1
        if entry.extra > 1 {
          push(&scratch, .takeMore, Int(entry.pc), position, extra: Int(entry.extra) - 1)
        }
        pc = Int(entry.pc) + 1
        return true
      }
    }
    return false
  }

  /// Tries what follows `pc` without consuming. Recursion is as deep as lookaheads nest, which the
  /// parser bounds.
  private mutating func look(
    _ regex: RouteRegex, pc: Int, negated: Bool, _ position: Int, scratch: inout RegexScratch
  ) -> Bool {
    let base = scratch.stack.count
    let found = run(regex, pc: pc + 1, position: position, scratch: &scratch) != nil
    if !found { return negated && steps > 0 }
    if negated {
      while scratch.stack.count > base {
        let entry = scratch.stack.removeLast()
        if entry.kind == .slot { scratch.slots[Int(entry.pc)] = entry.position }
      }
      return false
    }
    // A lookahead is not entered again, but what it captured must still be undone later.
    var kept = base
    for index in base..<scratch.stack.count where scratch.stack[index].kind == .slot {
      scratch.stack[kept] = scratch.stack[index]
      kept += 1
    }
    scratch.stack.removeLast(scratch.stack.count - kept)
    return true
  }

  private func push(
    _ scratch: inout RegexScratch, _ kind: RegexScratch.Entry.Kind, _ pc: Int, _ position: Int,
    extra: Int = 0
  ) {
    scratch.stack.append(
      .init(
        kind: kind, pc: Int32(truncatingIfNeeded: pc),
        position: Int32(truncatingIfNeeded: position), extra: Int32(truncatingIfNeeded: extra)))
  }

  private func isLineEnd(_ byte: UInt8) -> Bool { byte == 10 || byte == 13 }
}
