import Egg

extension Application {
  /// The template language of the plugin `nunjucks`, to add to: in a boot class, or later.
  ///
  ///     try app.nunjucks.addFilter("shout") { (text: String, marks: Int?) in
  ///       text.uppercased() + String(repeating: "!", count: marks ?? 1)
  ///     }
  ///     try app.nunjucks.addFilter("price") { (id: Int) in try await prices.of(id) }
  ///
  /// What is added while pages are served is there from the next page on; templates are compiled again
  /// for it.
  public var nunjucks: Nunjucks { Nunjucks(self) }
}

/// Filters, tests, functions, variables and tags of yours for every template.
///
/// A name that exists is replaced. Every `add…` throws `EggError` when the plugin is off.
///
/// - Source: Nunjucks, `env.addFilter`, `addGlobal`, `addExtension`; egg-view-nunjucks, `app.nunjucks`.
public struct Nunjucks {
  private let app: Application

  init(_ app: Application) { self.app = app }

  // MARK: filters

  /// `{{ value | name(…) }}`: the value is the first argument.
  ///
  /// - Parameter body: its arguments are of any types that can be decoded, optional where a template
  ///   may leave them out. What it throws fails the page. Text that is markup already is returned as
  ///   `Value.markup`.
  public func addFilter<each Argument: Decodable, Result: Encodable>(
    _ name: String, _ body: @escaping @MainActor (repeat each Argument) throws -> Result
  ) throws {
    try addFilter(name) { (args: Arguments) throws -> Value in
      var place = 0
      return try .returning(body(repeat try args.next(&place, (each Argument).self)))
    }
  }

  /// The same for a filter that suspends; the page waits.
  public func addFilter<each Argument: Decodable, Result: Encodable>(
    _ name: String, _ body: @escaping @MainActor (repeat each Argument) async throws -> Result
  ) throws {
    try addFilter(name) { (args: Arguments) async throws -> Value in
      var place = 0
      return try .returning(await body(repeat try args.next(&place, (each Argument).self)))
    }
  }

  /// A filter that takes whatever it is given.
  public func addFilter(
    _ name: String, _ body: @escaping @MainActor (Arguments) throws -> Value
  ) throws {
    try add("filter", name, [("immediate", true)], TemplateAddition(now: body))
  }

  public func addFilter(
    _ name: String, _ body: @escaping @MainActor (Arguments) async throws -> Value
  ) throws {
    try add("filter", name, [("immediate", false)], TemplateAddition(later: body))
  }

  // MARK: tests, functions, variables

  /// `{% if value is name(…) %}`
  public func addTest<each Argument: Decodable>(
    _ name: String, _ body: @escaping @MainActor (repeat each Argument) throws -> Bool
  ) throws {
    let test = TemplateAddition(now: { args in
      var place = 0
      return .boolean(try body(repeat try args.next(&place, (each Argument).self)))
    })
    try add("test", name, [], test)
  }

  /// `{{ name(…) }}`
  public func addFunction<each Argument: Decodable, Result: Encodable>(
    _ name: String, _ body: @escaping @MainActor (repeat each Argument) throws -> Result
  ) throws {
    let function = TemplateAddition(now: { args in
      var place = 0
      return try .returning(body(repeat try args.next(&place, (each Argument).self)))
    })
    try add("function", name, [], function)
  }

  /// A function that takes whatever it is given; keyword arguments are an object behind the others.
  public func addFunction(
    _ name: String, _ body: @escaping @MainActor (Arguments) throws -> Value
  ) throws {
    try add("function", name, [], TemplateAddition(now: body))
  }

  /// A variable that every template sees unless it has one of that name. It is copied.
  public func addGlobal(_ name: String, _ value: Value) throws {
    try set(ValueMap([("kind", "global"), ("name", .text(name)), ("value", value)]))
  }

  // MARK: tags

  /// `{% name … %} … {% end %}`
  ///
  ///     try app.nunjucks.addTag("repeat", end: "endrepeat") { tag in
  ///       let times: Int = try tag.arguments.get(0)
  ///       return .markup(try (0..<times).map { _ in try tag.body() }.joined())
  ///     }
  ///
  /// - Parameters:
  ///   - end: the word that closes it; nil for a tag without a body.
  ///   - middle: words that separate further bodies, as `else` does.
  ///   - body: gives what the tag prints, which is escaped unless it is `Value.markup`.
  public func addTag(
    _ name: String, end: String? = nil, middle: [String] = [],
    _ body: @escaping @MainActor (TemplateTag) throws -> Value
  ) throws {
    let app = app
    let tag = TemplateAddition(now: { args in
      try body(TemplateTag(app, use: try args.get(0), Arguments(Array(args.values.dropFirst()))))
    })
    try add(
      "tag", name,
      [("end", .text(end ?? "")), ("middle", .text(middle.joined(separator: " ")))], tag)
  }

  // MARK: pages

  /// Forgets a compiled template, or all of them.
  public func cleanCache(_ name: String? = nil) async throws {
    try await face().invoke("cleanCache", name.map { [$0] } ?? [])
  }

  /// Renders a template that is text, without a request: there is no `ctx`, `request` or `helper`.
  public func renderString(_ text: String, _ locals: Value = [:]) async throws -> String {
    try await face().invoke("renderString", [text, locals]).string ?? ""
  }

  private func face() throws -> ForeignObject {
    guard let face = app.extension("nunjucks").foreign else { throw isOff }
    return face
  }

  private var isOff: EggError {
    EggError(
      code: "EGG_NOT_FOUND",
      "app.nunjucks needs the plugin nunjucks; enable it in config/plugin.json")
  }

  private func add(
    _ kind: String, _ name: String, _ more: [(String, Value)], _ addition: TemplateAddition
  ) throws {
    let members: [(String, Value)] = [
      ("kind", .text(kind)), ("name", .text(name)), ("object", app.value(of: addition)),
    ]
    try set(ValueMap(members + more))
  }

  private func set(_ addition: ValueMap) throws {
    do {
      try app.setExtension("nunjucksAddition", .map(addition))
    } catch let error as EggError where error.code == "EGG_NOT_FOUND" {
      throw isOff
    }
  }
}

extension Arguments {
  /// The argument at `place`, which moves on.
  fileprivate func next<T: Decodable>(_ place: inout Int, _ type: T.Type) throws -> T {
    defer { place += 1 }
    return try get(place, as: type)
  }
}

/// One function of yours, as the plugin calls it.
final class TemplateAddition: ExportedObject {
  let objectType = "egg.nunjucks.addition/1"
  private let now: (@MainActor (Arguments) throws -> Value)?
  private let later: (@MainActor (Arguments) async throws -> Value)?

  init(
    now: (@MainActor (Arguments) throws -> Value)? = nil,
    later: (@MainActor (Arguments) async throws -> Value)? = nil
  ) {
    self.now = now
    self.later = later
  }

  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    if let now { return try now(args) }
    guard let later else { throw noSuchMethod(method) }
    return try await later(args)
  }
}
