/// Variables by symbol, in plain memory: looking one up touches no reference count.
struct Variables {
  var parent: UnsafeMutablePointer<Variables>?
  var count = 0
  private var capacity = 4
  private var symbols: UnsafeMutablePointer<Int32> = .allocate(capacity: 4)
  private var values: UnsafeMutablePointer<Value> = .allocate(capacity: 4)

  init() {}

  func deallocate() {
    values.deinitialize(count: count)
    values.deallocate()
    symbols.deallocate()
  }

  mutating func clear() {
    values.deinitialize(count: count)
    count = 0
    parent = nil
  }

  mutating func surrender(to remains: inout Remains) {
    for index in 0..<count { remains.take(&values[index]) }
  }

  @inline(__always)
  private func position(_ symbol: Int32) -> Int {
    var index = 0
    while index < count {
      if symbols[index] == symbol { return index }
      index &+= 1
    }
    return -1
  }

  /// The variable here alone; undefined if there is none.
  @inline(__always)
  func own(_ symbol: Int32) -> Value {
    let index = position(symbol)
    return index < 0 ? .undefined : values[index]
  }

  /// The first defined variable from `start` outwards; nil if there is none.
  @inline(__always)
  static func find(
    _ start: UnsafeMutablePointer<Variables>, _ symbol: Int32
  ) -> UnsafeMutablePointer<Value>? {
    var scope = start
    while true {
      let index = scope.pointee.position(symbol)
      if index >= 0, !scope.pointee.values[index].isUndefined {
        return scope.pointee.values + index
      }
      guard let parent = scope.pointee.parent else { return nil }
      scope = parent
    }
  }

  mutating func set(_ symbol: Int32, _ value: Value) {
    let index = position(symbol)
    if index >= 0 {
      values[index] = value
      return
    }
    if count == capacity { grow() }
    symbols[count] = symbol
    (values + count).initialize(to: value)
    count += 1
  }

  private mutating func grow() {
    let larger = capacity * 2
    let newSymbols = UnsafeMutablePointer<Int32>.allocate(capacity: larger)
    let newValues = UnsafeMutablePointer<Value>.allocate(capacity: larger)
    newSymbols.update(from: symbols, count: count)
    newValues.moveInitialize(from: values, count: count)
    symbols.deallocate()
    values.deallocate()
    symbols = newSymbols
    values = newValues
    capacity = larger
  }
}

/// A run-time scope, and the scope around it, which it keeps alive.
final class Frame {
  let variables: UnsafeMutablePointer<Variables>
  var parent: Frame? {
    didSet { variables.pointee.parent = parent?.variables }
  }
  var isolates = false
  var isTopLevel = false
  private var spareLoop: LoopObject?

  init() {
    variables = .allocate(capacity: 1)
    variables.initialize(to: Variables())
  }

  deinit {
    variables.pointee.deallocate()
    variables.deallocate()
  }

  /// Hands over its variables, and those of the scopes around it that only it keeps alive.
  func surrender(to remains: inout Remains) {
    variables.pointee.surrender(to: &remains)
    guard var outer = parent.take() else { return }
    if isKnownUniquelyReferenced(&outer) { outer.surrender(to: &remains) }
  }

  func clear() {
    parent = nil
    variables.pointee.clear()
    isolates = false
    isTopLevel = false
    // What the page kept of it must not change with the next loop.
    if !isKnownUniquelyReferenced(&spareLoop) { spareLoop = nil }
  }

  /// The variable `loop` of the one loop that has this frame.
  func loopObject() -> LoopObject {
    if let spareLoop { return spareLoop }
    let object = LoopObject()
    spareLoop = object
    return object
  }

  func own(_ symbol: Int32) -> Value { variables.pointee.own(symbol) }

  @inline(__always)
  func set(_ symbol: Int32, _ value: Value) { variables.pointee.set(symbol, value) }

  /// What `{% set %}` does: an existing variable is changed where it is, unless this frame isolates.
  func assign(_ symbol: Int32, _ value: Value) {
    var scope = variables
    if scope.pointee.own(symbol).isUndefined, !isolates {
      while let outer = scope.pointee.parent {
        scope = outer
        if !scope.pointee.own(symbol).isUndefined {
          return scope.pointee.set(symbol, value)
        }
      }
    }
    variables.pointee.set(symbol, value)
  }
}

/// The current frame of one run of a root or block; macros made in the run share it.
final class Cell {
  /// Where the variables of ``frame`` are, for readers in a hurry.
  let scope: UnsafeMutablePointer<UnsafeMutablePointer<Variables>>
  var frame: Frame {
    @inline(__always) get { current }
    set {
      current = newValue
      scope.pointee = newValue.variables
    }
  }
  private var current: Frame
  /// The layout chosen by `{% extends %}` in this run.
  var parent: Template?

  init(_ frame: Frame) {
    current = frame
    scope = .allocate(capacity: 1)
    scope.initialize(to: frame.variables)
  }

  deinit { scope.deallocate() }

  func surrender(to remains: inout Remains) {
    if isKnownUniquelyReferenced(&current) { current.surrender(to: &remains) }
  }
}

/// The variable table of a context: open addressing by symbol.
struct ContextTable {
  private var mask = 15
  private var count = 0
  private var symbols: UnsafeMutablePointer<Int32>
  private var values: UnsafeMutablePointer<Value>
  /// The places taken, so that clearing touches no other.
  private var taken: UnsafeMutablePointer<Int32>

  init() {
    taken = .allocate(capacity: 16)
    symbols = .allocate(capacity: 16)
    symbols.initialize(repeating: -1, count: 16)
    values = .allocate(capacity: 16)
    values.initialize(repeating: .undefined, count: 16)
  }

  init(copying other: ContextTable) {
    mask = other.mask
    count = other.count
    taken = .allocate(capacity: mask + 1)
    taken.update(from: other.taken, count: count)
    symbols = .allocate(capacity: mask + 1)
    symbols.initialize(from: other.symbols, count: mask + 1)
    values = .allocate(capacity: mask + 1)
    values.initialize(from: other.values, count: mask + 1)
  }

  func deallocate() {
    values.deinitialize(count: mask + 1)
    values.deallocate()
    symbols.deallocate()
    taken.deallocate()
  }

  func surrender(to remains: inout Remains) {
    for place in 0..<count { remains.take(&values[Int(taken[place])]) }
  }

  mutating func clear() {
    for place in 0..<count {
      let slot = Int(taken[place])
      symbols[slot] = -1
      values[slot] = .undefined
    }
    count = 0
  }

  /// The variable if it was set or looked up before.
  @inline(__always)
  func known(_ symbol: Int32) -> UnsafeMutablePointer<Value>? {
    var slot = Int(symbol) & mask
    while true {
      let found = symbols[slot]
      if found == symbol { return values + slot }
      if found < 0 { return nil }
      slot = (slot &+ 1) & mask
    }
  }

  mutating func set(_ symbol: Int32, _ value: Value) {
    var slot = Int(symbol) & mask
    while symbols[slot] >= 0, symbols[slot] != symbol { slot = (slot &+ 1) & mask }
    if symbols[slot] < 0 {
      symbols[slot] = symbol
      taken[count] = Int32(truncatingIfNeeded: slot)
      count += 1
    }
    values[slot] = value
    if count * 4 > (mask + 1) * 3 { grow() }
  }

  private mutating func grow() {
    let oldSymbols = symbols
    let oldValues = values
    let oldSize = mask + 1
    mask = oldSize * 2 - 1
    count = 0
    symbols = .allocate(capacity: mask + 1)
    symbols.initialize(repeating: -1, count: mask + 1)
    values = .allocate(capacity: mask + 1)
    values.initialize(repeating: .undefined, count: mask + 1)
    taken.deallocate()
    taken = .allocate(capacity: mask + 1)
    for index in 0..<oldSize where oldSymbols[index] >= 0 {
      set(oldSymbols[index], oldValues[index])
    }
    oldValues.deinitialize(count: oldSize)
    oldValues.deallocate()
    oldSymbols.deallocate()
  }
}

/// The variables of one render, include or import, and its blocks.
final class Context {
  /// What was handed in: a map of either family, or anything else for none.
  private(set) var base: Value
  let table: UnsafeMutablePointer<ContextTable>
  /// Versions of blocks by symbol, the most derived first.
  var blocks: [(symbol: Int32, versions: [Function])] = []
  /// Names to export, if this is an import.
  var exports: [Int32]?
  /// Templates this context went through by `extends`.
  var lineage: [Template] = []

  init(_ base: Value) {
    self.base = base
    table = .allocate(capacity: 1)
    table.initialize(to: ContextTable())
  }

  /// A copy of the variable table for an include.
  init(copying other: Context) {
    base = other.base
    table = .allocate(capacity: 1)
    table.initialize(to: ContextTable(copying: other.table.pointee))
  }

  deinit {
    table.pointee.deallocate()
    table.deallocate()
  }

  /// Makes it as good as new, for the next render.
  func reset(_ base: Value) {
    self.base = base
    table.pointee.clear()
    if !blocks.isEmpty { blocks.removeAll(keepingCapacity: true) }
    if !lineage.isEmpty { lineage = [] }
    exports = nil
  }

  func surrender(to remains: inout Remains) {
    remains.take(&base)
    table.pointee.surrender(to: &remains)
  }

  func known(_ symbol: Int32) -> Value? { table.pointee.known(symbol)?.pointee }

  func set(_ symbol: Int32, _ value: Value) { table.pointee.set(symbol, value) }

  func addBlocks(_ template: Template) {
    for (symbol, function) in template.blocks {
      if let index = blocks.firstIndex(where: { $0.symbol == symbol }) {
        blocks[index].versions.append(function)
      } else {
        blocks.append((symbol, [function]))
      }
    }
  }

  func versions(_ symbol: Int32) -> [Function]? {
    for entry in blocks where entry.symbol == symbol { return entry.versions }
    return nil
  }
}
