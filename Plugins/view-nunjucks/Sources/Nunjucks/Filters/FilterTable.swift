/// A filter as templates call it.
struct FilterEntry {
  typealias Builtin = (Renderer, TemplateCall) throws(TemplateError) -> Value

  enum Kind {
    case builtin(Builtin)
    case custom((TemplateCall) throws -> TemplateValue)
    case late((TemplateCall, @escaping (Result<TemplateValue, any Error>) -> Void) -> Void)
  }

  let name: String
  let kind: Kind

  var answersLater: Bool {
    if case .late = kind { return true }
    return false
  }

  /// The function to call, whatever the kind.
  var body: Builtin {
    if case .builtin(let body) = kind { return body }
    return { (_, call) throws(TemplateError) in try applyCustom(call) }
  }

  @inline(never)
  private func applyCustom(_ call: TemplateCall) throws(TemplateError) -> Value {
    switch kind {
    case .builtin(let body): return try body(call.renderer, call)
    case .custom(let body): return try call.renderer.external { try body(call) }
    case .late(let body):
      guard let journal = call.renderer.journal else {
        throw TemplateError(
          "the filter \"\(name)\" answers later; use the asynchronous render function")
      }
      if let known = journal.next() { return known }
      let pending = PendingResult()
      body(call, pending.settle)
      switch pending.result {
      case .success(let value)?:
        journal.append(value)
        return value
      case .failure(let error)?: return try call.renderer.engine { throw error }
      case nil:
        journal.waiting = pending
        throw TemplateError("the render waits for the filter \"\(name)\"")
      }
    }
  }
}

/// A test (`x is odd`) as templates call it.
struct TestEntry {
  let apply: (TemplateCall) throws(TemplateError) -> Bool
}

enum Builtins {
  nonisolated(unsafe) static let filters: [String: FilterEntry] = {
    var table: [String: FilterEntry] = [:]
    func add(_ name: String, _ body: @escaping FilterEntry.Builtin) {
      table[name] = FilterEntry(name: name, kind: .builtin(body))
    }
    func alias(_ name: String, _ other: String) { table[name] = table[other] }
    add("abs") { (r, c) throws(TemplateError) in .number(abs(try r.number(c[0]))) }
    add("batch") { (r, c) throws(TemplateError) in try r.batch(c) }
    add("capitalize") { (r, c) throws(TemplateError) in try r.capitalize(c) }
    add("center") { (r, c) throws(TemplateError) in try r.center(c) }
    add("default") { (r, c) throws(TemplateError) in
      (c[2].isTruthy ? c[0].isTruthy : !c[0].isUndefined) ? c[0] : c[1]
    }
    alias("d", "default")
    add("dictsort") { (r, c) throws(TemplateError) in try r.dictsort(c) }
    add("dump") { (r, c) throws(TemplateError) in try r.dump(c) }
    add("escape") { (r, c) throws(TemplateError) in
      c[0].isSafe ? c[0] : try r.escaped(c[0])
    }
    alias("e", "escape")
    add("forceescape") { (r, c) throws(TemplateError) in try r.escaped(c[0]) }
    add("first") { (r, c) throws(TemplateError) in
      try r.notNothing(c[0])
      return try r.index(c[0], .number(0))
    }
    add("last") { (r, c) throws(TemplateError) in
      try r.notNothing(c[0])
      let length = try r.number(try r.member(c[0], TextView("length")))
      return try r.index(c[0], .number(length - 1))
    }
    add("float") { (r, c) throws(TemplateError) in
      let text = try r.textValue(c[0])
      defer { withExtendedLifetime(text) {} }
      let number = text.textView.map(parseFloat) ?? .nan
      return number.isNaN ? c[1] : .number(number)
    }
    add("groupby") { (r, c) throws(TemplateError) in try r.groupby(c) }
    add("indent") { (r, c) throws(TemplateError) in try r.indent(c) }
    add("int") { (r, c) throws(TemplateError) in try r.int(c) }
    add("join") { (r, c) throws(TemplateError) in try r.join(c) }
    add("length") { (r, c) throws(TemplateError) in try r.length(c[0]) }
    add("list") { (r, c) throws(TemplateError) in try r.list(c[0]) }
    add("lower") { (r, c) throws(TemplateError) in
      try r.cased(try r.normalized(c[0]), upper: false)
    }
    add("upper") { (r, c) throws(TemplateError) in
      try r.cased(try r.normalized(c[0]), upper: true)
    }
    add("nl2br") { (r, c) throws(TemplateError) in try r.nl2br(c[0]) }
    add("random") { (r, c) throws(TemplateError) in
      try r.notNothing(c[0])
      let length = try r.number(try r.member(c[0], TextView("length")))
      let count = clampedInteger(length)
      return try r.index(c[0], .number(Double(r.random.next(below: count))))
    }
    add("reject") { (r, c) throws(TemplateError) in try r.select(c, keep: false) }
    add("select") { (r, c) throws(TemplateError) in try r.select(c, keep: true) }
    add("rejectattr") { (r, c) throws(TemplateError) in try r.selectAttribute(c, keep: false) }
    add("selectattr") { (r, c) throws(TemplateError) in try r.selectAttribute(c, keep: true) }
    add("replace") { (r, c) throws(TemplateError) in try r.replaceFilter(c) }
    add("reverse") { (r, c) throws(TemplateError) in try r.reverse(c[0]) }
    add("round") { (r, c) throws(TemplateError) in try r.round(c) }
    add("safe") { (r, c) throws(TemplateError) in try r.safe(c[0]) }
    add("slice") { (r, c) throws(TemplateError) in try r.columns(c) }
    add("sort") { (r, c) throws(TemplateError) in try r.sort(c) }
    add("string") { (r, c) throws(TemplateError) in
      try r.notNothing(c[0])
      return c[0].isSafe ? c[0] : try r.textValue(c[0])
    }
    add("striptags") { (r, c) throws(TemplateError) in try r.striptags(c) }
    add("sum") { (r, c) throws(TemplateError) in try r.sum(c) }
    add("title") { (r, c) throws(TemplateError) in try r.title(c[0]) }
    add("trim") { (r, c) throws(TemplateError) in
      guard let view = c[0].textView else { throw r.notText(c[0]) }
      return try r.like(view, r.makeText(view.plain.trimmed()))
    }
    add("truncate") { (r, c) throws(TemplateError) in try r.truncate(c) }
    add("urlencode") { (r, c) throws(TemplateError) in try r.urlencode(c[0]) }
    add("urlize") { (r, c) throws(TemplateError) in try r.urlize(c) }
    add("wordcount") { (r, c) throws(TemplateError) in try r.wordcount(c[0]) }
    return table
  }()
}

extension Renderer {
  // MARK: What many filters share

  func notNothing(_ value: Value) throws(TemplateError) {
    if value.isNothing {
      throw .type("a filter got \(try string(value)), which has no items or text")
    }
  }

  func notText(_ value: Value) -> TemplateError {
    let form = (try? string(value)) ?? "the value"
    return .type("a text filter needs text, not \(form.prefix(60))")
  }

  /// The input of a text filter: null, undefined and false count as no text.
  @inline(__always)
  func normalized(_ value: Value) throws(TemplateError) -> TextView {
    switch value {
    case .view(let view): return view
    case .text(let text): return text.view
    case .undefined, .null, .bool(false): return TextView("")
    default: throw notText(value)
    }
  }

  /// Marks `result` safe if the input was.
  @inline(__always)
  func like(_ input: TextView, _ result: Value) -> Value {
    if !input.isSafe { return result }
    switch result {
    case .view(let view): return .view(view.marked)
    case .text(let text): return .text(Text(text.view, safe: true))
    default: return result
    }
  }

  func escaped(_ value: Value) throws(TemplateError) -> Value {
    if value.isNothing { return .view(TextView("").marked) }
    let text = try textValue(value)
    defer { withExtendedLifetime(text) {} }
    let start = out.count
    out.appendEscaped((text.textView ?? TextView("")).plain, backslash: backslash)
    return try capture(from: start, safe: true)
  }

  func safe(_ value: Value) throws(TemplateError) -> Value {
    if value.isNothing { return .view(TextView("").marked) }
    switch try textValue(value) {
    case .view(let view): return .view(view.marked)
    case .text(let text):
      return text.view.isSafe ? .text(text) : .text(Text(text.view, safe: true))
    case let other: return other
    }
  }

  /// A number argument with a default for falsy values.
  func number(_ value: Value, or fallback: Double) throws(TemplateError) -> Double {
    value.isTruthy ? try number(value) : fallback
  }
}
