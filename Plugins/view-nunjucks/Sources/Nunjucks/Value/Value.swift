/// Anything a template can hold.
///
/// Two families share the enumeration. *Borrowed* values (`view`, `treeList`, `treeMap`) point into
/// memory of the caller or of the render and cost nothing to copy; *owned* ones (`text`, `list`,
/// `map`, `object`) are references. Templates cannot tell them apart. JavaScript's distinctions are
/// kept: undefined is not null, numbers are doubles, and text marked safe is a kind of its own.
public enum TemplateValue {
  case undefined
  case null
  case bool(Bool)
  case number(Double)
  /// A 64-bit integer too large for a double, as it comes from a C tree; it prints exactly and is
  /// otherwise treated as the nearest number.
  case integer(Int64)
  /// Borrowed text; see ``TextView``.
  case view(TextView)
  /// Owned text.
  case text(Text)
  case list(TemplateList)
  case map(TemplateMap)
  /// A borrowed C list: first node and count.
  case treeList(UnsafePointer<TreeNode>, UInt32)
  /// A borrowed C map: first pair and count.
  case treeMap(UnsafePointer<TreeEntry>, UInt32)
  /// A function, a helper, a regular expression, the `loop` object …
  case object(TemplateObject)
}

typealias Value = TemplateValue

extension TemplateValue: ExpressibleByStringLiteral, ExpressibleByFloatLiteral,
  ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral, ExpressibleByArrayLiteral,
  ExpressibleByDictionaryLiteral
{
  public init(stringLiteral value: String) { self = .text(Text(value)) }
  public init(floatLiteral value: Double) { self = .number(value) }
  public init(integerLiteral value: Int) { self = .number(Double(value)) }
  public init(booleanLiteral value: Bool) { self = .bool(value) }
  public init(arrayLiteral elements: TemplateValue...) { self = .list(TemplateList(elements)) }
  public init(dictionaryLiteral elements: (String, TemplateValue)...) {
    let map = TemplateMap()
    for (key, value) in elements { map.set(key, value) }
    self = .map(map)
  }
}

extension TemplateValue {
  /// Owned text from a Swift string.
  /// - Parameter safe: true for markup that must not be escaped.
  public init(_ string: String, safe: Bool = false) { self = .text(Text(string, safe: safe)) }
  public init(_ number: Double) { self = .number(number) }
  public init(_ integer: Int) { self = .number(Double(integer)) }

  /// The text, if this is text; the view is good while `self` lives and the render lasts.
  @inline(__always)
  public var textView: TextView? {
    switch self {
    case .view(let view): view
    case .text(let text): text.view
    default: nil
    }
  }

  /// A plain string as JavaScript sees it: text that is not marked safe.
  @inline(__always)
  var plainView: TextView? {
    if let view = textView, !view.isSafe { return view }
    return nil
  }

  @inline(__always)
  var isSafe: Bool { textView?.isSafe ?? false }

  /// Text as it is, not marked safe; it lives as long as this value does or has an owner.
  var withoutMark: TemplateValue {
    switch self {
    case .view(let view): .view(view.plain)
    case .text(let text): text.view.isSafe ? .text(Text(text.view, safe: false)) : self
    default: self
    }
  }

  @inline(__always)
  var isUndefined: Bool {
    if case .undefined = self { return true }
    return false
  }

  /// Undefined or null.
  @inline(__always)
  var isNothing: Bool {
    switch self {
    case .undefined, .null: true
    default: false
    }
  }

  /// JavaScript truthiness, with its trap: text marked safe is an object and true even if empty.
  @inline(__always)
  public var isTruthy: Bool {
    switch self {
    case .undefined, .null: false
    case .bool(let bool): bool
    case .number(let number): !(number == 0 || number.isNaN)
    case .view(let view): view.length != 0 || view.isSafe
    case .text(let text): text.count != 0 || text.flags & TextView.safe != 0
    default: true
    }
  }

  /// A copy that depends on nothing borrowed, to be kept longer than the render.
  public func owned() -> TemplateValue { owned(depth: 0) }

  private func owned(depth: Int) -> TemplateValue {
    if depth > 64 { return .null }
    switch self {
    case .view(let view): return .text(Text(view))
    case .treeList(let base, let count):
      return .list(
        TemplateList(
          (0..<Int(count)).map { TemplateValue(base + $0, nil).owned(depth: depth + 1) }))
    case .treeMap(let base, let count):
      let map = TemplateMap()
      for index in 0..<Int(count) {
        withUnsafePointer(to: base[index].value) {
          map.set(base[index].name, TemplateValue($0, nil).owned(depth: depth + 1))
        }
      }
      return .map(map)
    default: return self
    }
  }
}
