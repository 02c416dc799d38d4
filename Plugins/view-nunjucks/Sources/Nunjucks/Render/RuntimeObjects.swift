/// The variable `loop`.
final class LoopObject: TemplateObject {
  var index = 0
  var length = 0

  override func member(_ name: TextView) throws -> TemplateValue {
    for (number, field) in FrameNeed.fields.enumerated() where name.string == field {
      return LoopObject.field(number, index, length)
    }
    return .undefined
  }

  override var keys: [String] { FrameNeed.fields }

  /// Members in the order of ``FrameNeed/fields``.
  @inline(__always)
  static func field(_ number: Int, _ index: Int, _ length: Int) -> Value {
    switch number {
    case 0: .number(Double(index &+ 1))
    case 1: .number(Double(index))
    case 2: .number(Double(length &- index))
    case 3: .number(Double(length &- index &- 1))
    case 4: .bool(index == 0)
    case 5: .bool(index == length &- 1)
    default: .number(Double(length))
    }
  }
}

/// A macro, or the body of a call block.
final class MacroFunction: TemplateObject {
  let function: Function
  let template: Template
  private(set) var cell: Cell
  private(set) var context: Context
  /// For call bodies: the slots they were written among, and the run those belong to.
  let slots: UnsafeMutablePointer<Value>?
  let run: Int
  let runDepth: Int

  init(
    _ function: Function, _ cell: Cell, _ context: Context,
    slots: UnsafeMutablePointer<Value>? = nil, run: Int = 0, runDepth: Int = 0
  ) {
    self.function = function
    template = function.template
    self.cell = cell
    self.context = context
    self.slots = slots
    self.run = run
    self.runDepth = runDepth
  }

  deinit { Remains.release { surrender(to: &$0) } }

  override func surrender(to remains: inout Remains) {
    if isKnownUniquelyReferenced(&cell) { cell.surrender(to: &remains) }
    if isKnownUniquelyReferenced(&context) { context.surrender(to: &remains) }
  }

  override var isCallable: Bool { true }

  override func call(_ call: TemplateCall) throws -> TemplateValue {
    let renderer = call.renderer
    let start = renderer.out.count
    try renderer.callMacro(self, call.base, call.count, keywords: nil)
    return try renderer.capture(from: start, safe: true)
  }
}

/// A function that was read as a member without being called.
final class BoundMethod: TemplateObject {
  private var target: Value
  let name: Text

  init(_ target: Value, _ name: TextView) {
    self.target = target
    self.name = Text(name, safe: false)
  }

  deinit {
    if target.holdsOthers { Remains.release { surrender(to: &$0) } }
  }

  override func surrender(to remains: inout Remains) { remains.take(&target) }

  override var isCallable: Bool { true }

  override func member(_ member: TextView) throws -> TemplateValue {
    if member.equals("name") { return .text(Text("")) }
    if member.equals("length") { return .number(0) }
    return .undefined
  }

  override func call(_ call: TemplateCall) throws -> TemplateValue {
    try call.renderer.invoke(target, name.view, call) ?? .undefined
  }
}
