/// What a route is declared with: a path pattern or a regular expression.
package enum RoutePattern: Sendable, Hashable {
  /// path-to-regexp 1.x syntax, for example `/user/:id`.
  case path(String)
  /// A regular expression; `flags` out of `ims`.
  case regex(String, flags: String = "")
}

/// How a route's pattern is compared.
package struct RouteOptions: Sendable, Hashable {
  /// `/User` and `/user` differ.
  package var sensitive: Bool
  /// A trailing slash counts.
  package var strict: Bool
  /// The pattern covers the whole path; false: a beginning that ends before a `/`.
  package var end: Bool

  package init(sensitive: Bool = true, strict: Bool = false, end: Bool = true) {
    self.sensitive = sensitive
    self.strict = strict
    self.end = end
  }
}

/// Who declares a route, and where. Shown in the dump and in error texts.
package struct RouteOrigin: Sendable, Hashable {
  /// The unit's name.
  package var owner: String
  /// The prefix the unit's manifest declares; nil for an application, which is not restricted.
  package var allowedPrefix: String?
  package var file: String?
  package var line: Int

  package init(
    owner: String = "app", allowedPrefix: String? = nil, file: String? = nil, line: Int = 0
  ) {
    self.owner = owner
    self.allowedPrefix = allowedPrefix
    self.file = file
    self.line = line
  }

  /// `file:line`, or nil.
  package var place: String? { file.map { "\($0):\(line)" } }
}

/// A redirect that the kernel answers itself.
package struct RouteRedirect: Sendable, Hashable {
  package let location: String
  package let status: Int
}

/// One handler of a route.
package struct RouteStep: Sendable, Hashable {
  /// The caller's number for the handler.
  package let handler: Int
  /// For a handler of `param(name)`: the index of the parameter whose value it gets.
  package let parameter: Int?
}

/// A registered route or `use` layer.
package final class Route {
  /// Its place in the order of registration.
  package let index: Int
  package let name: String?
  /// Empty for a `use` layer.
  package let methods: RouteMethodSet
  package let options: RouteOptions
  package let origin: RouteOrigin
  /// Set for `redirect`; such a route has no handlers.
  package let redirect: RouteRedirect?
  /// What runs, `param` handlers first.
  package internal(set) var stack: [RouteStep] = []
  /// The pattern as declared, prefixes included (`ctx.routerPath`); `/…/` for a regular expression.
  package private(set) var path: String = ""
  /// The regular expression of the same meaning, for the dump.
  package private(set) var regexp: String = ""
  /// One name for each capture; unnamed groups are `0`, `1`, …
  package private(set) var parameterNames: [String] = []

  /// The pattern without what prefixes put before it.
  let pattern: RoutePattern
  /// What prefixes put before the pattern.
  private(set) var prefix: String
  /// A `use` without a path: runs for every path and captures nothing.
  let isPathless: Bool
  let handlers: [Int]
  /// The namespace it was declared in; 0 is the router itself.
  let namespace: Int
  /// The pattern with its prefixes; nil for a regular expression.
  private(set) var parsed: PathPattern?
  private(set) var matcher: RouteMatcher

  init(
    index: Int, name: String?, methods: RouteMethodSet, pattern: RoutePattern, isPathless: Bool,
    prefix: String, handlers: [Int], options: RouteOptions, origin: RouteOrigin,
    redirect: RouteRedirect?, namespace: Int
  ) throws(RouterError) {
    self.index = index
    self.name = name
    self.methods = methods
    self.pattern = pattern
    self.isPathless = isPathless
    self.prefix = prefix
    self.handlers = handlers
    self.options = options
    self.origin = origin
    self.redirect = redirect
    self.namespace = namespace
    // Replaced at once; a route never leaves here without its own.
    matcher = RouteMatcher(
      methods: methods, shape: PathShape(), isCaseSensitive: true, program: nil, regex: nil)
    try compile()
  }

  /// True for a regular expression route, which has no URL.
  package var isRegex: Bool { if case .regex = pattern { true } else { false } }

  /// Replaces what stands before the pattern.
  /// - Throws: `.pattern`; the route is then only good for another `setPrefix`.
  func setPrefix(_ text: String) throws(RouterError) {
    prefix = text
    try compile()
  }

  // MARK: Compiling

  private func compile() throws(RouterError) {
    do throws(RouterError) {
      switch pattern {
      case .path(let text): try compile(path: text)
      case .regex(let source, let flags): try compile(regex: source, flags: flags)
      }
    } catch {
      let verb = methods.isEmpty ? "use" : methods == .all ? "all" : methods.names.last!
      throw RouterError(error.code, "\(verb) \(error.message)", at: origin.place)
    }
  }

  private func compile(path text: String) throws(RouterError) {
    let parsed = try PathPattern(prefix + text)
    let expression = parsed.regexText(strict: options.strict, end: options.end)
    self.parsed = parsed
    path = isPathless ? prefix + "(.*)" : parsed.text
    regexp = "/\(expression)/" + (options.sensitive ? "" : "i")
    parameterNames = isPathless ? [] : parsed.parameterNames
    let program =
      options.sensitive ? PathProgram(parsed, strict: options.strict, end: options.end) : nil
    let matchesAll = isPathless && prefix.isEmpty
    matcher = RouteMatcher(
      methods: methods, shape: parsed.shape(strict: options.strict, end: options.end),
      isCaseSensitive: options.sensitive, program: matchesAll ? nil : program,
      regex: matchesAll || program != nil ? nil : try compiledRegex(expression, shown: parsed),
      dropsCaptures: isPathless)
  }

  private func compiledRegex(
    _ expression: String, shown: PathPattern
  ) throws(RouterError) -> RouteRegex {
    // The parts the user wrote are tried alone first: a position in them means something.
    for token in shown.tokens {
      guard case .parameter(let parameter) = token, let custom = parameter.custom else { continue }
      do throws(RouteRegexError) { _ = try RouteRegex(custom) } catch {
        throw RouterError(
          .pattern,
          "path \"\(shown.text)\": in \"\(parameter.written)\": \(error.message)"
            + " (position \(error.offset) of \"\(custom)\")")
      }
    }
    do throws(RouteRegexError) {
      return try RouteRegex(expression, flags: options.sensitive ? [] : .ignoreCase)
    } catch {
      throw RouterError(.pattern, "path \"\(shown.text)\": \(error.message)")
    }
  }

  private func compile(regex source: String, flags: String) throws(RouterError) {
    let regex: RouteRegex
    do throws(RouteRegexError) {
      let written = try RouteRegex(source, flags: flags)
      regex =
        options.sensitive
        ? written : try RouteRegex(source, flags: written.flags.union(.ignoreCase))
    } catch {
      throw RouterError(
        .pattern, "/\(source)/\(flags): \(error.message) (position \(error.offset))")
    }
    let before = try literalPrefix(shown: regex.text)
    path = prefix + regex.text
    regexp = path
    parameterNames = (0..<regex.groupCount).map(String.init)
    let known = regex.flags.contains(.ignoreCase) ? [] : regex.literalPrefix
    // A `/` or the end follows a prefix, so that its last segment is complete.
    let follows = known.isEmpty ? [RouteByte.slash] : known
    matcher = RouteMatcher(
      methods: methods, shape: PathShape(literalPrefix: before.isEmpty ? known : before + follows),
      isCaseSensitive: true, program: nil, regex: regex, subjectPrefix: before)
  }

  /// The prefix as bytes; a regular expression sees only what follows it.
  private func literalPrefix(shown: String) throws(RouterError) -> [UInt8] {
    var literal: [UInt8] = []
    for token in try PathPattern(prefix).tokens {
      guard case .literal(let bytes) = token else {
        throw RouterError(
          .pattern,
          "\(shown): a regular expression cannot follow the prefix \"\(prefix)\", which has"
            + " parameters; write the prefix into the expression")
      }
      literal += bytes
    }
    return literal
  }
}
