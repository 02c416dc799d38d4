/// A tag of the application's own: `{% cache "key", ttl=60 %} … {% endcache %}`.
///
///     environment.addTag(CustomTag("shout", endTag: "endshout") { tag in
///       TemplateValue(try tag.body().uppercased(), safe: true)
///     })
public struct CustomTag {
  public let name: String
  /// The word that closes the tag; nil for a tag without a body.
  public let endTag: String?
  /// Words that separate further bodies, as `else` does.
  public let middleTags: [String]
  let run: (TagCall) throws -> TemplateValue

  /// - Parameter run: gives the text to print; escaped like any output unless marked safe.
  public init(
    _ name: String, endTag: String? = nil, middleTags: [String] = [],
    run: @escaping (TagCall) throws -> TemplateValue
  ) {
    self.name = name
    self.endTag = endTag
    self.middleTags = middleTags
    self.run = run
  }
}

/// One use of a custom tag while it runs.
public struct TagCall {
  struct Body {
    let name: String
    let node: Int32
  }

  /// The arguments of the tag.
  public let call: TemplateCall
  let bodies: [Body]

  /// How many bodies were written: one, and one for each middle tag used.
  public var bodyCount: Int { bodies.count }

  /// The word a body follows: the tag's own name, or a middle tag.
  public func bodyName(_ index: Int) -> String { bodies[index].name }

  /// Renders a body. If it fails and the error is caught, the page goes on behind the tag.
  /// - Returns: its text, marked safe; `""` if there is no such body.
  public func bodyValue(_ index: Int = 0) throws -> TemplateValue {
    guard bodies.indices.contains(index) else { return .text(Text("", safe: true)) }
    let renderer = call.renderer
    let start = renderer.out.count
    let saved = renderer.now
    let frame = saved.cell.frame
    let level = renderer.top
    let runs = renderer.runCount
    let depth = renderer.depth
    do {
      try renderer.execute(bodies[index].node)
      return try renderer.capture(from: start, safe: true)
    } catch {
      if !renderer.out.isOver { renderer.out.count = start }
      renderer.recover(saved, level, runs, depth)
      saved.cell.frame = frame
      throw error
    }
  }

  /// ``bodyValue(_:)`` as a string.
  public func body(_ index: Int = 0) throws -> String {
    let value = try bodyValue(index)
    defer { withExtendedLifetime(value) {} }
    return value.textView?.string ?? ""
  }
}
