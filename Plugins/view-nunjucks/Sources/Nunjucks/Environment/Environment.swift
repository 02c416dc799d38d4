/// Templates, filters and settings that belong together. Start here.
///
///     let views = Environment(loaders: [FileLoader(roots: ["app/view"])])
///     let page = try views.render("home.njk", ["user": ["name": "Ada"]])   // [UInt8], UTF-8
///
/// Templates are compiled once and kept. With ``checksForChanges`` each is compared with its source
/// whenever it is used, parents and includes too, and compiled again if that has changed.
///
/// Threads: everything happens on one, in release builds: values are counted without atomics. A
/// render starts no thread. Filters, globals, tests and tags are added before the first render.
public final class Environment: @unchecked Sendable {
  // Unchecked: it belongs to one thread, as said above.

  public let options: TemplateOptions
  public let loaders: [any TemplateLoader]
  /// Whether a template's version is looked at each time it is used (development).
  public let checksForChanges: Bool

  /// Makes objects in borrowed C trees usable, in renders that bring no adapter of their own.
  public var adapter: TreeAdapter?
  /// Changes whenever templates are forgotten: whoever keeps some asks for them again.
  public private(set) var generation = 0
  /// Of the thread that used it last.
  private(set) var stack = StackRoom()
  let symbols = Symbols()
  private var cache: [String: (template: Template, loader: Int)] = [:]
  /// Renderers between two renders: the one that is nearly always enough, and others for renders
  /// inside of renders.
  private var spare: Renderer?
  private var idle: [Renderer] = []
  private var customFilters: [String: FilterEntry] = [:]
  private(set) var asyncFilters: Set<String> = []
  private var customTests: [String: TestEntry] = [:]
  private var globals: [String: TemplateValue] = Builtins.globals
  private var tags: [String: CustomTag] = [:]

  public init(
    loaders: [any TemplateLoader] = [], options: TemplateOptions = TemplateOptions(),
    checksForChanges: Bool = false
  ) {
    self.loaders = loaders
    self.options = options
    self.checksForChanges = checksForChanges
  }

  // MARK: Additions

  /// Adds a filter; one of the same name is replaced. The first argument is the filtered value.
  public func addFilter(
    _ name: String, _ body: @escaping (TemplateCall) throws -> TemplateValue
  ) {
    customFilters[name] = FilterEntry(name: name, kind: .custom(body))
    asyncFilters.remove(name)
    invalidate()
  }

  /// Adds a filter that answers by calling back, at once or later.
  ///
  /// The callback must come on the thread that may go on rendering, one call at a time. Arguments
  /// are borrowed until `body` returns. Only the asynchronous render functions can wait.
  public func addAsyncFilter(
    _ name: String,
    _ body: @escaping (TemplateCall, @escaping (Result<TemplateValue, any Error>) -> Void) -> Void
  ) {
    customFilters[name] = FilterEntry(name: name, kind: .late(body))
    asyncFilters.insert(name)
    invalidate()
  }

  /// Adds a test for `x is name(argument)`.
  public func addTest(_ name: String, _ body: @escaping (TemplateCall) throws -> Bool) {
    customTests[name] = TestEntry { (call) throws(TemplateError) in
      try call.renderer.external { .bool(try body(call)) }.isTruthy
    }
    invalidate()
  }

  /// Adds a variable all templates see unless the context has one of that name.
  public func addGlobal(_ name: String, _ value: TemplateValue) {
    globals[name] = value.owned()
    invalidate()
  }

  public func addTag(_ tag: CustomTag) {
    tags[tag.name] = tag
    invalidate()
  }

  /// Forgets one compiled template, or all of them.
  public func invalidate(_ name: String? = nil) {
    generation &+= 1
    if let name { cache[name] = nil } else { cache = [:] }
  }

  func updateStack() { stack.update() }

  func filterEntry(_ name: String) -> FilterEntry? {
    customFilters[name] ?? Builtins.filters[name]
  }

  func testEntry(_ name: String) -> TestEntry? { customTests[name] ?? Builtins.tests[name] }

  func global(_ name: String) -> TemplateValue? { globals[name] }

  /// Globals of the engine, which never run template code.
  var quietGlobals: Set<String> { Set(Builtins.globals.keys) }

  func symbolNumber(_ name: String) -> Int32 { symbols.number(name) }
  func symbolName(_ number: Int32) -> String { symbols.names[Int(number)] }

  // MARK: Templates

  /// The compiled template `name`, from the cache or a loader.
  /// - Throws: `template not found: name`, or what is wrong with its source.
  public func template(_ name: String) throws(TemplateError) -> Template {
    if let (template, loader) = cache[name] {
      if !checksForChanges || loaders[loader].version(name) == template.version {
        return template
      }
    }
    for (index, loader) in loaders.enumerated() {
      let source: TemplateSource?
      do {
        source = try loader.load(name)
      } catch let error as TemplateError {
        throw error
      } catch {
        throw TemplateError("cannot load \(name): \(error)")
      }
      guard let source else { continue }
      let template = Template(
        name: name, path: source.path, source: source.text, version: source.version)
      try compile(template)
      cache[name] = (template, index)
      return template
    }
    throw TemplateError("template not found: \(name)", kind: .notFound)
  }

  /// Compiles a template that no loader knows.
  /// - Parameter path: what relative names in it are resolved against; nil: nothing.
  public func compile(
    _ source: String, name: String = "<string>", path: String? = nil
  ) throws(TemplateError) -> Template {
    let template = Template(name: name, path: path, source: Array(source.utf8), version: nil)
    try compile(template)
    return template
  }

  /// A template as it is now that something was added: from its source for text, else by its name.
  public func recompiled(_ template: Template) throws(TemplateError) -> Template {
    if template.version != nil { return try self.template(template.name) }
    let fresh = Template(
      name: template.name, path: template.path, source: template.source, version: nil)
    try compile(fresh)
    return fresh
  }

  private func compile(_ template: Template) throws(TemplateError) {
    do throws(TemplateError) {
      stack.update()
      var parser = Parser(template.source, options, customTags: tags)
      parser.stack = stack
      let body = try parser.parse()
      try Compiler(template, self, hasAsyncTags: parser.hasAsyncTags).compile(body)
    } catch {
      error.locate(template, at: -1)
      throw error
    }
  }

  /// The template `name` as the template `from` means it: `./` and `../` start at its own place.
  func template(_ name: String, from: Template) throws(TemplateError) -> Template {
    guard name.hasPrefix("./") || name.hasPrefix("../"), let path = from.path else {
      return try template(name)
    }
    var parts = path.split(separator: "/", omittingEmptySubsequences: false).dropLast()[...]
    for part in name.split(separator: "/") {
      switch part {
      case ".": break
      case "..":
        if parts.isEmpty || parts.last == ".." { parts.append(part) } else { parts.removeLast() }
      default: parts.append(part)
      }
    }
    return try template(parts.joined(separator: "/"))
  }

  // MARK: Rendering

  /// Renders a template to UTF-8 bytes.
  ///
  /// - Parameters:
  ///   - name: as the loaders know it.
  ///   - context: the variables: a map of either family.
  ///   - adapter: makes objects in a borrowed C tree usable.
  /// - Throws: a failure with its chain of templates.
  public func render(
    _ name: String, _ context: TemplateValue = .undefined, adapter: TreeAdapter? = nil
  ) throws(TemplateError) -> [UInt8] {
    try render(try main(name), context, adapter: adapter) { Array($0) }
  }

  /// Renders a compiled template and lends the page to `body` without copying it.
  public func render<Result>(
    _ template: Template, _ context: TemplateValue = .undefined, adapter: TreeAdapter? = nil,
    body: (UnsafeBufferPointer<UInt8>) -> Result
  ) throws(TemplateError) -> Result {
    let renderer = borrowRenderer()
    defer { giveBack(renderer) }
    renderer.adapter = adapter
    try renderer.render(template, context)
    return body(renderer.out.bytes)
  }

  /// Renders a compiled template and lends the page until this environment is used the next time.
  public func renderLent(
    _ template: Template, _ context: TemplateValue
  ) throws(TemplateError) -> UnsafeBufferPointer<UInt8> {
    let renderer = borrowRenderer()
    defer { giveBack(renderer) }
    try renderer.render(template, context)
    return renderer.out.bytes
  }

  /// Renders a template given as text.
  public func renderString(
    _ source: String, _ context: TemplateValue = .undefined
  ) throws(TemplateError) -> [UInt8] {
    try render(try compile(source), context) { Array($0) }
  }

  /// Renders, waiting for asynchronous filters.
  ///
  /// Without a filter that has to wait everything happens before this returns, `completion`
  /// included. If one has to, the render stops; when the answer is there it runs again from the
  /// start with the answers of all outside calls so far, none of which is made twice.
  /// `context` must stay valid until `completion` has been called.
  public func render(
    _ name: String, _ context: TemplateValue, adapter: TreeAdapter? = nil,
    completion: @escaping (Result<[UInt8], TemplateError>) -> Void
  ) {
    do throws(TemplateError) {
      render(try main(name), context, adapter: adapter, completion: completion)
    } catch {
      completion(.failure(error))
    }
  }

  /// The same for a compiled template.
  public func render(
    _ template: Template, _ context: TemplateValue, adapter: TreeAdapter? = nil,
    completion: @escaping (Result<[UInt8], TemplateError>) -> Void
  ) {
    let renderer = borrowRenderer()
    renderer.adapter = adapter
    renderer.journal = Journal()
    attempt(renderer, template, context, completion)
  }

  private func attempt(
    _ renderer: Renderer, _ template: Template, _ context: TemplateValue,
    _ completion: @escaping (Result<[UInt8], TemplateError>) -> Void
  ) {
    let result: Result<[UInt8], TemplateError>
    do throws(TemplateError) {
      try renderer.render(template, context)
      result = .success(Array(renderer.out.bytes))
    } catch {
      if let journal = renderer.journal, let waiting = journal.waiting {
        renderer.rewind()
        waiting.onResult = { [self] in
          journal.waiting = nil
          switch waiting.result {
          case .success(let value)?:
            journal.append(value)
            attempt(renderer, template, context, completion)
          case .failure(let failure)?:
            giveBack(renderer)
            completion(.failure(failure as? TemplateError ?? TemplateError("\(failure)")))
          case nil: break
          }
        }
        return
      }
      result = .failure(error)
    }
    giveBack(renderer)
    completion(result)
  }

  private func main(_ name: String) throws(TemplateError) -> Template {
    do throws(TemplateError) {
      return try template(name)
    } catch {
      if error.chain.isEmpty {
        error.chain = [.init(template: name, line: 0, column: 0, via: "")]
      }
      throw error
    }
  }

  private func borrowRenderer() -> Renderer {
    if let renderer = spare.take() { return renderer }
    return idle.popLast() ?? Renderer(self)
  }

  private func giveBack(_ renderer: Renderer) {
    renderer.clean()
    if spare == nil { spare = renderer } else if idle.count < 8 { idle.append(renderer) }
  }
}
