/// The merged configuration, with every writer of every leaf.
///
///     config.value(at: "mysql.client.host")     // "db.internal"
///     config.writers(of: "mysql.client.host")   // plugin's default, then the application's
///
/// It can be changed until `freeze()`, which is after `configWillLoad`.
package struct ConfigTree: Sendable {
  var root = ConfigNode(content: .object)
  var origins: [ConfigOrigin] = []
  /// Reasons why a leaf has no usable value; they count only if nobody sets the leaf again.
  var complaints: [BootError] = []
  package private(set) var isFrozen = false
  /// Warnings of loading. Whoever starts the application logs them.
  package internal(set) var notices: [BootNotice] = []
  private var frozenValue: ConfigValue?

  package init() {}

  /// The whole tree as one value.
  package var value: ConfigValue { frozenValue ?? root.value ?? [:] }

  /// The value at a path of keys joined by dots; nil where there is none.
  package func value(at path: String) -> ConfigValue? { value(at: Self.keys(path)) }

  /// The same for keys that may contain dots themselves. Elements of lists go by their number.
  package func value(at path: [String]) -> ConfigValue? {
    if let frozenValue { return ConfigNode.value(in: frozenValue, at: path) }
    return root.value(at: path)
  }

  /// Replaces the value at a path.
  ///
  /// - Throws: `.lifecycle` once the tree is frozen; `.config` for a path into a list, which is set
  ///   as a whole.
  package mutating func set(
    _ path: String, _ value: ConfigValue, origin: ConfigOrigin
  ) throws(BootError) {
    try checkOpen(path, origin)
    let number = register(origin)
    root.change(at: Self.keys(path)) {
      $0.replace(value, position: .none, origin: number)
    }
  }

  /// Merges a value over the tree (or over the value at `path`) by the rules of configuration
  /// files, without interpolation: for remote sources and plugins that add a part.
  ///
  /// - Throws: `.lifecycle` once the tree is frozen.
  package mutating func merge(
    _ value: ConfigValue, at path: String = "", origin: ConfigOrigin
  ) throws(BootError) {
    try checkOpen(path, origin)
    merge(
      JSONDocument(file: origin.file, value: value).root, at: Self.keys(path),
      origin: register(origin)
    ) { value, _ in (value.value, -1) }
  }

  /// Ends all changes, and gives the two middleware lists their second names as Egg does:
  /// `coreMiddlewares`, and `appMiddleware` and `appMiddlewares` for `middleware`.
  ///
  /// - Throws: the first reason why a leaf that nobody replaced has no value.
  package mutating func freeze() throws(BootError) {
    guard !isFrozen else { return }
    try checkComplaints()
    let aliases = [
      ("coreMiddlewares", "coreMiddleware"), ("appMiddleware", "middleware"),
      ("appMiddlewares", "middleware"),
    ]
    for (alias, name) in aliases {
      if let list = value(at: [name]) {
        try set(alias, list, origin: .code("alias of \(name)", unit: "egg", kind: .framework))
      }
    }
    frozenValue = root.value
    isFrozen = true
  }

  /// Everyone who set the leaf at a path, in order; the last one counts. For an object, the
  /// writers of the leaves under it, leaf by leaf. A leaf that was taken away by replacing an
  /// object above it ends with the writer who did that.
  package func writers(of path: String) -> [ConfigWriter] { writers(of: Self.keys(path)) }

  package func writers(of path: [String]) -> [ConfigWriter] {
    locatedWriters(of: path).map(\.writer)
  }

  /// Lines for people: `egg inspect config KEY`. Secrets are masked.
  ///
  ///     mysql.client.host = "db.internal"
  ///       1. plugin mysql       /srv/plugins/mysql/config/config.default.json:3:7   "127.0.0.1"
  ///       2. application app    /srv/app/config/config.prod.json:8:13               "db.internal"
  package func explanation(of path: String) -> String {
    let keys = Self.keys(path)
    let mask = ConfigMask(config: self)
    guard let shown = value(at: keys).map({ mask.masked($0, path: keys) }) else {
      let siblings = value(at: Array(keys.dropLast()))?.object?.keys ?? []
      let meant = Suggestion.phrase(for: keys.last ?? "", among: siblings)
      return describeWriters(of: keys, mask: mask, heading: "\(path) is not set\(meant)")
    }
    return describeWriters(
      of: keys, mask: mask, heading: "\(path) = \(JSONWriter.text(shown, indentation: 2))")
  }

  // MARK: Loading

  mutating func register(_ origin: ConfigOrigin) -> Int32 {
    if let last = origins.last, last == origin { return Int32(origins.count - 1) }
    origins.append(origin)
    return Int32(origins.count - 1)
  }

  mutating func merge(
    _ value: LocatedValue, at path: [String] = [], origin: Int32,
    expand: (LocatedValue, SourcePosition) -> (ConfigValue, complaint: Int32)
  ) {
    root.change(at: path) {
      $0.merge(value, position: value.position, origin: origin, expand: expand)
    }
  }

  /// Throws the complaint of the first leaf that still has one.
  func checkComplaints() throws(BootError) {
    guard !complaints.isEmpty else { return }
    var first: Int32?
    var path: [String] = []
    root.forEachLeaf(&path) { _, node in
      if first == nil, node.complaint >= 0 { first = node.complaint }
    }
    if let first { throw complaints[Int(first)] }
  }

  func writer(_ writer: ConfigNode.Writer) -> ConfigWriter {
    ConfigWriter(
      origin: origins[Int(writer.origin)], position: writer.position, value: writer.value)
  }

  static func keys(_ path: String) -> [String] {
    path.isEmpty ? [] : path.split(separator: ".").map(String.init)
  }

  // MARK: Private parts

  private func checkOpen(_ path: String, _ origin: ConfigOrigin) throws(BootError) {
    if isFrozen {
      throw BootError(
        .lifecycle, unit: origin.unit,
        "expected configuration to be changed in configWillLoad at the latest, found a change of "
          + "\"\(path)\" after it was frozen")
    }
    var above = Self.keys(path)
    while above.popLast() != nil {
      guard case .array? = value(at: above) else { continue }
      throw BootError(
        .config, unit: origin.unit,
        "expected \"\(above.joined(separator: "."))\" to be set as a whole, since it is a list, "
          + "found a change of \"\(path)\"")
    }
  }

  /// The writers of every leaf under a path, each with the path of its leaf.
  private func locatedWriters(of path: [String]) -> [(path: [String], writer: ConfigWriter)] {
    var node = root
    var leaf: [String] = []
    for key in path {
      // An element of a list is set by whoever sets the list.
      if node.children.isEmpty, case .leaf = node.content { break }
      guard let child = node.children[key] else { return [] }
      node = child
      leaf.append(key)
    }
    var result: [(path: [String], writer: ConfigWriter)] = []
    collectWriters(node, leaf, into: &result)
    return result
  }

  private func collectWriters(
    _ node: ConfigNode, _ path: [String],
    into result: inout [(path: [String], writer: ConfigWriter)]
  ) {
    for writer in node.writers { result.append((path, self.writer(writer))) }
    for (key, child) in node.children { collectWriters(child, path + [key], into: &result) }
  }

  private func describeWriters(
    of keys: [String], mask: ConfigMask, heading: String
  ) -> String {
    let writers = locatedWriters(of: keys)
    let who = writers.map { _, writer in
      writer.origin.kind == .application ? "application" : "\(writer.origin.kind) \(writer.unit)"
    }
    // Below an object, each line says which leaf it is about.
    let leaves = writers.map { $0.path.dropFirst(keys.count).joined(separator: ".") }
    let whoWidth = who.map(\.count).max() ?? 0
    let leafWidth = leaves.map(\.count).max() ?? 0
    let placeWidth = writers.map(\.writer.place.count).max() ?? 0
    var text = heading
    for (number, (path, writer)) in writers.enumerated() {
      let value = JSONWriter.text(mask.masked(writer.value, path: path))
      text += "\n  \(number + 1). "
      if leafWidth > 0 { text += padded(leaves[number], leafWidth) + "  " }
      text += padded(who[number], whoWidth) + "  " + padded(writer.place, placeWidth)
      text += "  \(value)"
    }
    return text
  }

  private func padded(_ text: String, _ width: Int) -> String {
    text + String(repeating: " ", count: max(0, width - text.count))
  }
}
