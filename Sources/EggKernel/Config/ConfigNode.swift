/// One place of the configuration while it is merged: its value now, and all who set it.
///
/// Nodes are never taken out. A subtree that a later writer replaces becomes unset and keeps its
/// writers, so that "who set it, and who removed it" has an answer.
struct ConfigNode: Sendable {
  enum Content: Sendable {
    case unset
    /// Anything but an object with members.
    case leaf(ConfigValue)
    case object
  }

  struct Writer: Sendable {
    var origin: Int32
    var position: SourcePosition
    var value: ConfigValue
  }

  var content: Content = .unset
  var children = OrderedObject<ConfigNode>()
  var writers: [Writer] = []
  /// Index of the complaint that counts if nobody sets this leaf again; -1 for none.
  var complaint: Int32 = -1

  var isSet: Bool { if case .unset = content { false } else { true } }

  /// The value of this node and everything under it; nil when unset.
  var value: ConfigValue? {
    switch content {
    case .unset: return nil
    case .leaf(let value): return value
    case .object:
      var members = ConfigObject()
      members.reserveCapacity(children.count)
      for (key, child) in children {
        if let value = child.value { members.append(key, value) }
      }
      return .object(members)
    }
  }

  /// The node at a path, unset ones included.
  func node(at path: some Collection<String>) -> ConfigNode? {
    guard let key = path.first else { return self }
    return children[key]?.node(at: path.dropFirst())
  }

  /// The value at a path. Within a leaf list, elements are named by their number.
  func value(at path: some Collection<String>) -> ConfigValue? {
    guard let key = path.first else { return value }
    switch content {
    case .unset: return nil
    case .object: return children[key]?.value(at: path.dropFirst())
    case .leaf(let leaf): return Self.value(in: leaf, at: path)
    }
  }

  static func value(
    in value: ConfigValue, at path: some Collection<String>
  ) -> ConfigValue? {
    guard let key = path.first else { return value }
    switch value {
    case .object(let members):
      return members[key].flatMap { Self.value(in: $0, at: path.dropFirst()) }
    case .array(let elements):
      guard let number = Int(key), elements.indices.contains(number) else { return nil }
      return Self.value(in: elements[number], at: path.dropFirst())
    default: return nil
    }
  }

  /// Changes the node at a path, making the objects on the way.
  mutating func change(at path: some Collection<String>, _ body: (inout ConfigNode) -> Void) {
    guard let key = path.first else { return body(&self) }
    becomeObject()
    children[at: slot(for: key)].change(at: path.dropFirst(), body)
  }

  /// Merges one value over this node by Egg's rules: objects member by member, everything else,
  /// lists included, whole.
  mutating func merge(
    _ value: LocatedValue, position: SourcePosition, origin: Int32,
    expand: (LocatedValue, SourcePosition) -> (ConfigValue, complaint: Int32)
  ) {
    guard case .object(let object) = value.value else {
      let (leaf, complaint) = expand(value, position)
      // `${NAME:json}` may turn a string into an object, which then merges like a written one.
      if case .object(let members) = leaf, !members.isEmpty {
        let document = JSONDocument(file: value.file, value: leaf)
        merge(document.root, position: position, origin: origin) { value, _ in (value.value, -1) }
      } else {
        setLeaf(leaf, position: position, origin: origin, complaint: complaint)
      }
      return
    }
    if object.isEmpty {
      // `{}` over an object changes nothing.
      if case .object = content { return }
      setLeaf(.object([:]), position: position, origin: origin, complaint: -1)
      return
    }
    becomeObject()
    value.forEachMember { key, member in
      guard key != "__proto__" else { return }
      let place = member.position == .none ? position : member.position
      children[at: slot(for: key)].merge(
        member, position: place, origin: origin, expand: expand)
    }
  }

  /// Replaces whatever is here.
  mutating func replace(
    _ value: ConfigValue, position: SourcePosition, origin: Int32
  ) {
    if case .object(let members) = value, !members.isEmpty {
      for place in 0..<children.count {
        children[at: place].unset(position: position, origin: origin, by: value)
      }
      content = .object
      complaint = -1
      for (key, member) in members where key != "__proto__" {
        children[at: slot(for: key)].replace(member, position: position, origin: origin)
      }
    } else {
      setLeaf(value, position: position, origin: origin, complaint: -1)
    }
  }

  /// The place of a child, which is made if needed.
  private mutating func slot(for key: String) -> Int {
    if let place = children.position(of: key) { return place }
    children.append(key, ConfigNode())
    return children.count - 1
  }

  private mutating func becomeObject() {
    if case .object = content { return }
    content = .object
    complaint = -1
  }

  private mutating func setLeaf(
    _ value: ConfigValue, position: SourcePosition, origin: Int32, complaint: Int32
  ) {
    for place in 0..<children.count {
      children[at: place].unset(position: position, origin: origin, by: value)
    }
    content = .leaf(value)
    self.complaint = complaint
    writers.append(Writer(origin: origin, position: position, value: value))
  }

  /// Notes that a writer further up took this node away.
  private mutating func unset(
    position: SourcePosition, origin: Int32, by value: ConfigValue
  ) {
    guard isSet else { return }
    if case .leaf = content {
      writers.append(Writer(origin: origin, position: position, value: value))
    }
    content = .unset
    complaint = -1
    for place in 0..<children.count {
      children[at: place].unset(position: position, origin: origin, by: value)
    }
  }

  /// Visits every leaf that is set, with its path.
  func forEachLeaf(_ path: inout [String], _ body: ([String], ConfigNode) -> Void) {
    switch content {
    case .unset: return
    case .leaf: body(path, self)
    case .object:
      for (key, child) in children {
        path.append(key)
        child.forEachLeaf(&path, body)
        path.removeLast()
      }
    }
  }
}
