// Longer than usual: the state of a render and everything that must keep it consistent.

import Glibc

/// Runs compiled templates: the state of one render, reused by the environment for the next.
///
/// What the running template needs at every step is kept flat in this object and saved and restored
/// around calls. Statements are in `Renderer+Statements.swift`, expressions in
/// `Renderer+Expressions.swift`, calls in `Renderer+Calls.swift`.
final class Renderer {
  /// Where the interpreter is: one template, one set of slots, one cell.
  ///
  /// The references are unmanaged, which makes saving and restoring free; whoever starts a run
  /// keeps what it refers to alive until the run has ended.
  struct Activation {
    private var templateReference: Unmanaged<Template>
    private var cellReference: Unmanaged<Cell>
    private var contextReference: Unmanaged<Context>
    private var functionReference: Unmanaged<Function>
    var template: Template { templateReference.takeUnretainedValue() }
    var cell: Cell { cellReference.takeUnretainedValue() }
    var context: Context { contextReference.takeUnretainedValue() }
    /// What was handed in, without counting on the way to it.
    var contextBase: Value { contextReference._withUnsafeGuaranteedRef { $0.base } }
    var function: Function { functionReference.takeUnretainedValue() }
    var nodes: UnsafeMutablePointer<Node>
    var lists: UnsafeMutablePointer<Int32>
    var constants: UnsafeMutablePointer<Value>
    var data: UnsafeMutablePointer<UInt8>
    var filters: UnsafeMutablePointer<FilterEntry.Builtin>
    var tests: UnsafeMutablePointer<TestEntry>
    var slots: UnsafeMutablePointer<Value>
    /// The variables of the cell's frame.
    var scope: UnsafeMutablePointer<UnsafeMutablePointer<Variables>>
    var table: UnsafeMutablePointer<ContextTable>
    /// The run the slots belong to, and its place among the runs alive.
    var run: Int
    var runDepth: Int

    init(
      _ template: Template, _ function: Function, _ cell: Cell, _ context: Context,
      slots: UnsafeMutablePointer<Value>, run: Int, runDepth: Int
    ) {
      templateReference = .passUnretained(template)
      cellReference = .passUnretained(cell)
      contextReference = .passUnretained(context)
      functionReference = .passUnretained(function)
      nodes = template.nodes
      lists = template.lists
      constants = template.constants
      data = template.data
      filters = template.filterTable
      tests = template.testTable
      self.slots = slots
      scope = cell.scope
      table = context.table
      self.run = run
      self.runDepth = runDepth
    }
  }

  /// What changes at every step. It lies in memory of its own, reached through a constant pointer,
  /// so that the interpreter pays for no exclusivity checks.
  struct State {
    var out = OutputBuffer()
    var arena = Arena()
    var now: Activation
    var top = 0
    var steps = 0
    var memory = 0
    var depth = 0
    /// With what `limits.stackBytes` allows.
    var stack = StackRoom()
    var runSerial = 0
    /// Serial numbers of the runs that have not ended, outermost first.
    var liveRuns: UnsafeMutablePointer<Int>
    var runCount = 0
    var spareFrames: [Frame] = []
    var spareCells: [Cell] = []
  }

  private let state: UnsafeMutablePointer<State>
  var out: OutputBuffer {
    @inline(__always) unsafeAddress { UnsafePointer(state.pointer(to: \.out)!) }
    @inline(__always) unsafeMutableAddress { state.pointer(to: \.out)! }
  }
  var arena: Arena {
    @inline(__always) unsafeAddress { UnsafePointer(state.pointer(to: \.arena)!) }
    @inline(__always) unsafeMutableAddress { state.pointer(to: \.arena)! }
  }
  var now: Activation {
    @inline(__always) unsafeAddress { UnsafePointer(state.pointer(to: \.now)!) }
    @inline(__always) unsafeMutableAddress { state.pointer(to: \.now)! }
  }
  var top: Int {
    @inline(__always) unsafeAddress { UnsafePointer(state.pointer(to: \.top)!) }
    @inline(__always) unsafeMutableAddress { state.pointer(to: \.top)! }
  }
  var steps: Int {
    @inline(__always) unsafeAddress { UnsafePointer(state.pointer(to: \.steps)!) }
    @inline(__always) unsafeMutableAddress { state.pointer(to: \.steps)! }
  }
  var memory: Int {
    @inline(__always) unsafeAddress { UnsafePointer(state.pointer(to: \.memory)!) }
    @inline(__always) unsafeMutableAddress { state.pointer(to: \.memory)! }
  }
  var depth: Int {
    @inline(__always) unsafeAddress { UnsafePointer(state.pointer(to: \.depth)!) }
    @inline(__always) unsafeMutableAddress { state.pointer(to: \.depth)! }
  }

  unowned let environment: Environment
  let autoescape: Bool
  let backslash: Bool
  let throwOnUndefined: Bool
  let jinjaCompat: Bool
  let limits: TemplateLimits
  var adapter: TreeAdapter?

  let stack: UnsafeMutablePointer<Value>
  static let stackCapacity = 1 << 16

  /// Copies of borrowed lists a template changed, by address.
  private var thawedLists: [UnsafePointer<TreeNode>: TemplateList] = [:]
  private(set) var hasThawed = false
  /// The lists that are being printed, outermost first.
  var joining: [TemplateList] = []
  let emptyFrame = Frame()
  private var spareContext: Context?
  var random = RandomNumbers()
  /// Results of calls that leave the engine, kept when the render may have to start again.
  var journal: Journal?
  private let idle: Activation
  private let idleOwners: (Template, Function, Cell, Context)

  init(_ environment: Environment) {
    self.environment = environment
    let options = environment.options
    autoescape = options.autoescape
    backslash = options.escapesBackslash
    throwOnUndefined = options.throwOnUndefined
    jinjaCompat = options.jinjaCompat
    limits = options.limits
    stack = .allocate(capacity: Renderer.stackCapacity)
    let nothing = Template(name: "", path: nil, source: [], version: nil)
    let function = Function(nothing, "")
    idleOwners = (nothing, function, Cell(emptyFrame), Context(.undefined))
    idle = Activation(
      nothing, function, idleOwners.2, idleOwners.3, slots: stack, run: 0, runDepth: 0)
    state = .allocate(capacity: 1)
    // Every run but the first is entered through `enter`, which limits the depth.
    state.initialize(to: State(now: idle, liveRuns: .allocate(capacity: max(0, limits.depth) + 8)))
  }

  deinit {
    dropStack(to: 0)
    stack.deallocate()
    state.pointee.out.deallocate()
    state.pointee.arena.deallocate()
    state.pointee.liveRuns.deallocate()
    state.deinitialize(count: 1)
    state.deallocate()
  }

  // MARK: A render

  /// Renders `template`; the page is in `out` afterwards.
  func render(_ template: Template, _ locals: Value) throws(TemplateError) {
    prepare()
    let context: Context
    if let spare = spareContext {
      spareContext = nil
      context = spare
      context.reset(locals)
    } else {
      context = Context(locals)
    }
    if !template.blocks.isEmpty { context.addBlocks(template) }
    var frame: Frame? = newFrame(parent: nil)
    frame?.isTopLevel = true
    do throws(TemplateError) {
      try runRoot(template, context, frame ?? emptyFrame)
      if out.isOver { throw outputError() }
    } catch {
      error.locate(template, at: -1)
      throw error
    }
    retire(&frame)
    spareContext = context
    if out.mayHoldSurrogates { out.repairSurrogates() }
  }

  private func prepare() {
    out.reset(limit: limits.outputBytes)
    steps = limits.steps
    memory = limits.memoryBytes
    depth = 0
    if let journal {
      random = RandomNumbers(seed: journal.seed)
      journal.cursor = 0
    }
    environment.updateStack()
    state.pointee.stack = environment.stack.limited(to: limits.stackBytes)
  }

  /// Lets go of everything the last render held.
  func clean() {
    rewind()
    if hasThawed {
      thawedLists = [:]
      hasThawed = false
    }
    if var context = spareContext {
      spareContext = nil
      // Closures of the page may still hold it; then it is not ours to use again.
      if isKnownUniquelyReferenced(&context) {
        context.reset(.undefined)
        spareContext = context
      }
    }
    arena.reset()
    adapter = nil
    journal = nil
  }

  /// Back to the state before a render, but with all values it made still alive.
  func rewind() {
    dropStack(to: 0)
    now = idle
    state.pointee.runCount = 0
  }

  // MARK: Changed copies of borrowed lists

  @inline(__always)
  func thawed(_ base: UnsafePointer<TreeNode>) -> TemplateList? {
    hasThawed ? thawedLists[base] : nil
  }

  func noteThawed(_ base: UnsafePointer<TreeNode>, _ copy: TemplateList) {
    thawedLists[base] = copy
    hasThawed = true
  }

  func dropStack(to level: Int) {
    if top > level {
      var at = top
      repeat {
        at &-= 1
        (stack + at).deinitialize(count: 1)
      } while at > level
      top = level
    }
  }

  // MARK: Limits

  /// Called on the way into an include, macro, block or call body.
  func enter() throws(TemplateError) {
    depth += 1
    steps -= 1
    if depth > limits.depth {
      throw .limit("templates, macros and blocks are nested more than \(limits.depth) deep")
    }
    if state.pointee.stack.isNearlyUsedUp { throw stackError() }
    if steps < 0 { throw stepError() }
  }

  /// Called on the way into what a template nests itself, which has a bound, but the stack may be
  /// small.
  @inline(__always)
  func checkStack() throws(TemplateError) {
    if state.pointee.stack.isUsedUp { throw stackError() }
  }

  private func stackError() -> TemplateError {
    .limit("templates, macros and blocks are nested too deep for the stack")
  }

  @inline(__always)
  func leave() { depth -= 1 }

  @inline(__always)
  func step() throws(TemplateError) {
    steps &-= 1
    if steps < 0 || out.isOver { throw out.isOver ? outputError() : stepError() }
  }

  func stepError() -> TemplateError {
    .limit("the render took more than \(limits.steps) steps (limits.steps)")
  }

  func outputError() -> TemplateError {
    .limit("the output exceeds \(limits.outputBytes) bytes (limits.outputBytes)")
  }

  /// Accounts for memory a value takes, before it is taken.
  @inline(__always)
  func charge(_ bytes: Int) throws(TemplateError) {
    memory &-= bytes
    if memory < 0 || bytes > limits.outputBytes { throw memoryError() }
  }

  private func memoryError() -> TemplateError {
    .limit("the render needs more than \(limits.memoryBytes) bytes (limits.memoryBytes)")
  }

  // MARK: Runs

  func newFrame(parent: Frame?) -> Frame {
    let frame = state.pointee.spareFrames.popLast() ?? Frame()
    if let parent { frame.parent = parent }
    return frame
  }

  /// Keeps the frame for the next scope, if nobody else holds it.
  ///
  /// - Parameter frame: nil afterwards. It is not `consuming`, because the compiler then keeps a
  ///   reference of the caller's, and no frame would ever be used again.
  func retire(_ frame: inout Frame?) {
    guard isKnownUniquelyReferenced(&frame), state.pointee.spareFrames.count < 32,
      let spare = frame.take()
    else { return }
    spare.clear()
    state.pointee.spareFrames.append(spare)
  }

  func newCell(_ frame: Frame) -> Cell {
    guard let cell = state.pointee.spareCells.popLast() else { return Cell(frame) }
    cell.frame = frame
    return cell
  }

  /// As for frames.
  func retire(_ cell: inout Cell?) {
    guard isKnownUniquelyReferenced(&cell), state.pointee.spareCells.count < 16,
      let spare = cell.take()
    else { return }
    spare.frame = emptyFrame
    spare.parent = nil
    state.pointee.spareCells.append(spare)
  }

  /// Runs a template from its root, then the layouts it extends.
  func runRoot(
    _ template: Template, _ context: Context, _ frame: Frame
  ) throws(TemplateError) {
    let start = out.count
    var cell: Cell? = newCell(frame)
    if let cell { try run(template.root, template, cell, context) }
    let chosen = cell?.parent
    retire(&cell)
    guard let parent = chosen else { return }
    if out.isOver { throw outputError() }
    out.count = start
    if context.lineage.contains(where: { $0 === parent }) || parent === template {
      let names = (context.lineage + [template, parent]).map(\.name)
      throw .limit(
        "\"\(parent.name)\" extends itself: \(names.joined(separator: " -> "))")
    }
    context.lineage.append(template)
    try enter()
    do throws(TemplateError) {
      try runRoot(parent, context, frame)
    } catch {
      error.chain.insert(template.place(-1, via: "extends"), at: 0)
      throw error
    }
    leave()
  }

  /// Runs the body of a root or a block with fresh slots.
  func run(
    _ function: Function, _ template: Template, _ cell: Cell, _ context: Context
  ) throws(TemplateError) {
    let saved = now
    let level = top
    now = Activation(
      template, function, cell, context, slots: try takeSlots(function.slotCount),
      run: beginRun(), runDepth: runCount - 1)
    do throws(TemplateError) {
      try execute(function.body)
    } catch {
      error.locate(template, at: -1)
      now = saved  // so that those who add to the chain know where they are
      throw error
    }
    endRun()
    dropStack(to: level)
    now = saved
    withExtendedLifetime((function, template, cell, context)) {}
  }

  func takeSlots(_ count: Int) throws(TemplateError) -> UnsafeMutablePointer<Value> {
    if top + count + 64 > Renderer.stackCapacity {
      throw .limit("too many variables are alive at once")
    }
    let slots = stack + top
    for slot in 0..<count { (slots + slot).initialize(to: .undefined) }
    top += count
    return slots
  }

  func beginRun() -> Int {
    state.pointee.runSerial &+= 1
    let serial = state.pointee.runSerial
    state.pointee.liveRuns[state.pointee.runCount] = serial
    state.pointee.runCount &+= 1
    return serial
  }

  func endRun() { state.pointee.runCount &-= 1 }

  func isLive(_ run: Int, _ runDepth: Int) -> Bool {
    runDepth < runCount && state.pointee.liveRuns[runDepth] == run
  }

  /// Undoes what a failed body left behind, for tags that catch errors.
  func recover(_ saved: Activation, _ level: Int, _ runs: Int, _ depth: Int) {
    dropStack(to: level)
    state.pointee.runCount = min(state.pointee.runCount, runs)
    self.depth = depth
    now = saved
  }

  var runCount: Int { state.pointee.runCount }

  // MARK: Text made while rendering

  /// Takes the output written since `start` away, as a value.
  func capture(from start: Int, safe: Bool) throws(TemplateError) -> Value {
    if out.isOver { throw outputError() }
    let count = out.count - start
    out.count = start
    return try makeText(out.base + start, count, safe: safe)
  }

  func makeText(
    _ base: UnsafePointer<UInt8>, _ count: Int, safe: Bool = false
  ) throws(TemplateError) -> Value {
    try charge(count)
    if count <= 4096, arena.total < Arena.most {
      let target = arena.allocate(count)
      memcpy(target, base, count)
      return .view(TextView(target, count: count, safe: safe))
    }
    return .text(
      Text(count: count, safe: safe) { $0.update(from: base, count: count) })
  }

  /// Text of a known length that is all ASCII; `fill` writes every byte.
  @inline(__always)
  func makeASCII(
    _ count: Int, safe: Bool, _ fill: (UnsafeMutablePointer<UInt8>) -> Void
  ) throws(TemplateError) -> Value {
    try charge(count)
    if count <= 4096, arena.total < Arena.most {
      let target = arena.allocate(count)
      fill(target)
      return .view(
        TextView(
          base: target, length: UInt32(truncatingIfNeeded: count),
          flags: TextView.ascii | (safe ? TextView.safe : 0)))
    }
    return .text(Text(count: count, safe: safe, fill: fill))
  }

  func makeText(_ string: String, safe: Bool = false) throws(TemplateError) -> Value {
    var string = string
    // `withUTF8` cannot carry a typed error.
    let result: Result<Value, TemplateError> = string.withUTF8 { bytes in
      do throws(TemplateError) {
        return .success(
          try makeText(bytes.baseAddress ?? emptyBytes, bytes.count, safe: safe))
      } catch { return .failure(error) }
    }
    return try result.get()
  }

  func makeText(units: some Collection<UInt16>, safe: Bool = false) throws(TemplateError) -> Value {
    let start = out.count
    appendUnits(units)
    return try capture(from: start, safe: safe)
  }

  /// Appends UTF-16 as UTF-8; halves without a partner in their three-byte form.
  func appendUnits(_ units: some Collection<UInt16>) {
    out.reserve(units.count * 3)
    var high: UInt32 = 0
    var pending = false
    for unit in units {
      let unit = UInt32(unit)
      if pending {
        pending = false
        if unit >= 0xDC00, unit < 0xE000 {
          appendPoint(0x10000 + ((high - 0xD800) << 10) + (unit - 0xDC00))
          continue
        }
        appendPoint(high)
      }
      if unit >= 0xD800, unit < 0xDC00 {
        high = unit
        pending = true
      } else {
        appendPoint(unit)
      }
    }
    if pending { appendPoint(high) }
  }

  func appendPoint(_ point: UInt32) {
    func byte(_ value: UInt32) -> UInt8 { UInt8(truncatingIfNeeded: value) }
    if point < 0x80 {
      out.append(byte(point))
    } else if point < 0x800 {
      out.append(byte(0xC0 | point >> 6))
      out.append(byte(0x80 | point & 0x3F))
    } else if point < 0x10000 {
      out.append(byte(0xE0 | point >> 12))
      out.append(byte(0x80 | (point >> 6) & 0x3F))
      out.append(byte(0x80 | point & 0x3F))
    } else {
      out.append(byte(0xF0 | point >> 18))
      out.append(byte(0x80 | (point >> 12) & 0x3F))
      out.append(byte(0x80 | (point >> 6) & 0x3F))
      out.append(byte(0x80 | point & 0x3F))
    }
  }

  /// A variable of the context by name, for functions written in Swift.
  func contextVariable(_ name: String) -> TemplateValue {
    let symbol = environment.symbolNumber(name)
    if let value = now.context.known(symbol) { return value }
    var name = name
    return name.withUTF8 {
      ownMember(now.context.base, TextView($0.baseAddress ?? emptyBytes, count: $0.count))
        ?? .undefined
    }
  }
}

/// A small generator for the `random` filter; seeded once per render.
struct RandomNumbers {
  private var state: UInt64

  init(seed: UInt64? = nil) { state = (seed ?? UInt64.random(in: 1...UInt64.max)) | 1 }

  mutating func next(below count: Int) -> Int {
    state ^= state << 13
    state ^= state >> 7
    state ^= state << 17
    return count > 0 ? Int((state >> 11) % UInt64(count)) : 0
  }
}
