/// A template that could not be parsed, compiled or rendered.
///
/// `description` has the shape Nunjucks users know: the template, the place, and the cause, with
/// one line for every template on the way from the one that was asked for.
///
///     (page.njk) [Line 3, Column 4]
///       Template render error: (nav.njk) [Line 10, Column 37]
///       Error: filter not found: shout
///
/// Lines and columns count from 1, columns in UTF-16 code units as editors do.
/// Differs from Nunjucks: run-time positions are those of the failing expression, not of the last
/// call before it, and the first line is line 1.
public final class TemplateError: Error, CustomStringConvertible, @unchecked Sendable {
  // Unchecked: changed only while it travels up one render, on one thread.

  /// What sort of failure this is.
  public enum Kind: String, Sendable {
    /// The source is not a valid template. No class name before the message.
    case syntax = ""
    /// The engine's own complaint, or one of a custom filter.
    case runtime = "Error"
    /// A value of the wrong kind: what JavaScript reports as `TypeError`.
    case type = "TypeError"
    case reference = "ReferenceError"
    case range = "RangeError"
    case uri = "URIError"
    /// No loader knows the template.
    case notFound = "Error "
    /// A configured limit was reached; see ``TemplateLimits``.
    case limit = "Error  "
  }

  /// One template on the way to the failure.
  public struct Place: Sendable, Equatable {
    public let template: String
    /// 1-based; 0 if the place is not known.
    public let line: Int
    public let column: Int
    /// What led on to the next place: "include", "extends", "import", "call", "block" or "".
    public let via: String
  }

  public let kind: Kind
  /// The bare message, as in `filter not found: shout`.
  public let cause: String
  /// From the template that was asked for to the one that failed; empty for errors without one.
  public internal(set) var chain: [Place] = []
  var offset = -1
  var isLocated = false

  public init(_ cause: String, kind: Kind = .runtime) {
    self.cause = cause
    self.kind = kind
  }

  init(_ cause: String, kind: Kind = .runtime, at offset: Int) {
    self.cause = cause
    self.kind = kind
    self.offset = offset
  }

  /// The template whose text holds the failing expression.
  public var template: String? { chain.last?.template }
  /// The 1-based line in ``template``, or nil if the failure has no place (end of file).
  public var line: Int? { chain.last.flatMap { $0.line > 0 ? $0.line : nil } }
  /// The 1-based column in ``template``, in UTF-16 code units.
  public var column: Int? { chain.last.flatMap { $0.column > 0 ? $0.column : nil } }

  public var description: String {
    var text = ""
    for (index, place) in chain.enumerated() {
      if index > 0 { text += "\n  Template render error: " }
      text += "(\(place.template))"
      if place.line > 0 { text += " [Line \(place.line), Column \(place.column)]" }
    }
    if !text.isEmpty { text += "\n  " }
    let prefix = kind.rawValue.split(separator: " ").first.map { "\($0): " } ?? ""
    return text + prefix + cause
  }

  static func type(_ cause: String) -> TemplateError { TemplateError(cause, kind: .type) }
  static func limit(_ cause: String) -> TemplateError { TemplateError(cause, kind: .limit) }

  /// Gives the error its place, unless a place closer to the failure is known already.
  func locate(_ template: Template, at offset: Int, via: String = "") {
    if isLocated { return }
    isLocated = true
    let at = self.offset >= 0 ? self.offset : offset
    chain.insert(template.place(at, via: via), at: 0)
  }
}

extension Template {
  /// Line and column of a byte offset; offset -1 is "no place".
  func place(_ offset: Int, via: String) -> TemplateError.Place {
    let (line, column) = lineAndColumn(source, offset)
    return TemplateError.Place(template: name, line: line, column: column, via: via)
  }
}

func lineAndColumn(_ source: [UInt8], _ offset: Int) -> (line: Int, column: Int) {
  if offset < 0 { return (0, 0) }
  var line = 1
  var column = 1
  for byte in source.prefix(offset) {
    if byte == 0x0A {
      line += 1
      column = 1
    } else if byte & 0xC0 != 0x80 {
      column += byte >= 0xF0 ? 2 : 1
    }
  }
  return (line, column)
}

/// What a render may use before it is stopped with a clear error.
public struct TemplateLimits: Sendable {
  /// Bytes of output, and of any single string made on the way.
  public var outputBytes = 64 << 20
  /// Includes, macros, blocks and call bodies inside one another.
  public var depth = 400
  /// Loop rounds, calls and filter applications together.
  public var steps = 50_000_000
  /// Bytes allocated by the render for values, in all.
  public var memoryBytes = 512 << 20
  /// Stack the render may use, in bytes; must fit the thread it runs on.
  public var stackBytes = 1 << 20

  public init() {}
}

/// How templates are read and printed; the same names as in Nunjucks.
public struct TemplateOptions: Sendable {
  /// Delimiters.
  public struct Tags: Sendable {
    public var blockStart = "{%"
    public var blockEnd = "%}"
    public var variableStart = "{{"
    public var variableEnd = "}}"
    public var commentStart = "{#"
    public var commentEnd = "#}"
    public init() {}
  }

  public var autoescape = true
  public var trimBlocks = false
  public var lstripBlocks = false
  /// Printing undefined or null is an error.
  public var throwOnUndefined = false
  public var tags = Tags()
  /// Python-like names, slices and methods (`installJinjaCompat`).
  public var jinjaCompat = false
  /// Escapes the backslash too, as Nunjucks 3.2.4 does and 3.2.3 does not.
  public var escapesBackslash = true
  public var limits = TemplateLimits()

  public init() {}
}
