/// What a compiled node does. Statements first, then expressions.
enum Op: UInt8 {
  // statements
  case text, output, sequence, condition, loop, asyncLoop, set, setBlock, macro, block, extends
  case include, importAll, importNames, superStart, choose, custom
  // expressions
  case constant, slot, name, member, index, call, filter, test, filterMissing, testMissing
  case add, subtract, multiply, divide, modulo, power, floorDivide, concat, negative, positive
  case not, and, or, looseEqual, looseUnequal, strictEqual, strictUnequal
  case less, lessEqual, greater, greaterEqual, contains, inlineIf, list, dict, keywords, regex
  case group, caller, capture, slice, loopField, unbound
}

/// One node of a compiled template: 32 bytes without references, so that walking the tree touches
/// no reference counts. What `a`…`d` mean is said where the node is made.
struct Node {
  var op: Op
  var flag: UInt8 = 0
  var a: Int32 = -1
  var b: Int32 = -1
  var c: Int32 = -1
  var d: Int32 = -1
  /// Byte offset in the source, for errors.
  var offset: Int32 = -1
  var number: Double = 0
}

/// A root, a block, a macro or a call body.
final class Function {
  /// `name` points into a constant of the template.
  struct Parameter {
    let symbol: Int32
    let name: TextView
    let slot: Int32
  }
  struct Keyword {
    let symbol: Int32
    let name: TextView
    let value: Int32
  }

  unowned let template: Template
  let name: String
  var body: Int32 = -1
  /// Slots of the whole function; a call body uses those of the function it stands in.
  var slotCount = 0
  /// For call bodies: the part of the slots that is their own.
  var ownSlots = 0..<0
  private(set) var parameters: UnsafeMutablePointer<Parameter> = .allocate(capacity: 0)
  private(set) var parameterCount = 0
  private(set) var keywords: UnsafeMutablePointer<Keyword> = .allocate(capacity: 0)
  private(set) var keywordCount = 0
  /// Whether running it needs a frame that others can see.
  var needsFrame = true

  init(_ template: Template, _ name: String) {
    self.template = template
    self.name = name
  }

  deinit {
    parameters.deallocate()
    keywords.deallocate()
  }

  func take(_ parameters: [Parameter], _ keywords: [Keyword]) {
    self.parameters.deallocate()
    self.parameters = .allocate(capacity: parameters.count)
    self.parameters.initialize(from: parameters, count: parameters.count)
    parameterCount = parameters.count
    self.keywords.deallocate()
    self.keywords = .allocate(capacity: keywords.count)
    self.keywords.initialize(from: keywords, count: keywords.count)
    keywordCount = keywords.count
  }
}

/// A compiled template. Immutable once compiled, and shared by all renders.
public final class Template: @unchecked Sendable {
  // Unchecked: written while compiling only, before anybody else sees it.

  /// The name it was asked for with, after resolving `./`; "" for a template from a string.
  public let name: String
  /// What a relative name in it is resolved against; nil for a template from a string.
  let path: String?
  let source: [UInt8]
  /// The loader's token for this state of the source.
  let version: TemplateVersion?

  var nodes: UnsafeMutablePointer<Node> = .allocate(capacity: 1)
  var lists: UnsafeMutablePointer<Int32> = .allocate(capacity: 1)
  var constants: UnsafeMutablePointer<Value> = .allocate(capacity: 0)
  var constantCount = 0
  var nodeCount = 0
  var listCount = 0
  var dataCount = 0
  /// The owners of constant texts; the constants themselves are views of them.
  var texts: [Text] = []
  var filterTable: UnsafeMutablePointer<FilterEntry.Builtin> = .allocate(capacity: 0)
  var testTable: UnsafeMutablePointer<TestEntry> = .allocate(capacity: 0)
  var data: UnsafeMutablePointer<UInt8> = .allocate(capacity: 1)
  var functions: [Function] = []
  var isComplete = false
  var filters: [FilterEntry] = []
  /// Whether it names a filter that answers later; parents and includes are not looked at.
  public internal(set) var mayWait = false
  var tests: [TestEntry] = []
  var customs: [CustomTagUse] = []
  var root: Function!
  var blocks: [(symbol: Int32, function: Function)] = []

  init(name: String, path: String?, source: [UInt8], version: TemplateVersion?) {
    self.name = name
    self.path = path
    self.source = source
    self.version = version
  }

  deinit {
    nodes.deallocate()
    lists.deallocate()
    constants.deinitialize(count: constantCount)
    constants.deallocate()
    data.deallocate()
    // The tables are filled at the very end; a source with a mistake never gets there.
    filterTable.deinitialize(count: isComplete ? filters.count : 0)
    filterTable.deallocate()
    testTable.deinitialize(count: isComplete ? tests.count : 0)
    testTable.deallocate()
  }
}

/// Names shared by all templates of an environment, as small numbers.
final class Symbols {
  private(set) var names: [String] = []
  private var numbers: [[UInt8]: Int32] = [:]  // by bytes: Swift strings compare canonically

  func number(_ name: String) -> Int32 {
    let bytes = Array(name.utf8)
    if let number = numbers[bytes] { return number }
    let number = Int32(names.count)
    names.append(name)
    numbers[bytes] = number
    return number
  }

  init() {
    for name in ["loop", "caller"] { _ = number(name) }
  }

  static let loop: Int32 = 0
  static let caller: Int32 = 1
}
