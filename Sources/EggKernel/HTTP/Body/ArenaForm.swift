import EggHTTPSemantics
import PluginABI

/// Limits of a form body.
struct FormLimits {
  /// Elements of a list; an index beyond makes it an object, as in the `qs` library.
  var arrayLimit = 100
  /// Levels of brackets; what is deeper stays part of the last name.
  var depth = 5
  var parameterLimit = 1000
}

struct FormFailure: Error {
  let status: Int32
  let message: String
}

/// Parses `application/x-www-form-urlencoded` with nested brackets and dots into a tree.
///
///     a=1&b[c]=2&b[d][]=3&b[d][]=4   →   {a: "1", b: {c: "2", d: ["3", "4"]}}
///
/// - Source: co-body over `qs` with `allowDots`; the `queryString` options of Egg's bodyParser.
enum ArenaForm {
  private indirect enum Node {
    case text(String)
    case list([Node])
    case map([(key: String, node: Node)])
  }

  static func parse(
    _ bytes: UnsafeBufferPointer<UInt8>, limits: FormLimits, into arena: inout Arena
  ) throws(FormFailure) -> egg_value {
    var root: [(key: String, node: Node)] = []
    var count = 0
    for item in queryItems(bytes, limit: limits.parameterLimit + 1) {
      count += 1
      guard count <= limits.parameterLimit else {
        throw FormFailure(
          status: 413,
          message:
            "the form has more than \(limits.parameterLimit) fields, check bodyParser config")
      }
      let path = path(item.name, depth: limits.depth)
      guard let first = path.first, !first.isEmpty, first != "__proto__" else { continue }
      insert(item.value, at: path[...], into: &root, limits)
    }
    guard let tree = tree(.map(root), &arena) else {
      throw FormFailure(status: 413, message: "the form does not fit into a request's memory")
    }
    return tree
  }

  /// `a[b][]` and `a.b.c` as names; the empty name means "append".
  private static func path(_ name: String, depth: Int) -> [String] {
    let bytes = Array(name.utf8)
    var parts: [String] = []
    var current: [UInt8] = []
    var at = 0
    func close() {
      parts.append(String(decoding: current, as: UTF8.self))
      current = []
    }
    /// The name itself and what is nested in it so far.
    var levels: Int { parts.count + (current.isEmpty ? 0 : 1) }
    while at < bytes.count {
      let byte = bytes[at]
      if byte == UInt8(ascii: "["), levels <= depth,
        let end = bytes[at...].firstIndex(of: UInt8(ascii: "]"))
      {
        if parts.isEmpty || !current.isEmpty { close() }
        current = Array(bytes[(at + 1)..<end])
        close()
        at = end + 1
        if at < bytes.count, bytes[at] == UInt8(ascii: ".") { at += 1 }
        continue
      }
      if byte == UInt8(ascii: "."), levels <= depth, !current.isEmpty, at + 1 < bytes.count {
        close()
        at += 1
        continue
      }
      current.append(byte)
      at += 1
    }
    if !current.isEmpty || parts.isEmpty { close() }
    return parts
  }

  private static func insert(
    _ text: String, at path: ArraySlice<String>, into members: inout [(key: String, node: Node)],
    _ limits: FormLimits
  ) {
    let key = path.first!
    let rest = path.dropFirst()
    if let index = members.firstIndex(where: { $0.key == key }) {
      merge(text, at: rest, into: &members[index].node, limits)
    } else {
      members.append((key, fresh(text, at: rest, limits)))
    }
  }

  private static func fresh(_ text: String, at path: ArraySlice<String>, _ limits: FormLimits)
    -> Node
  {
    guard let key = path.first else { return .text(text) }
    if key.isEmpty || isIndex(key, limits) {
      return .list([fresh(text, at: path.dropFirst(), limits)])
    }
    return .map([(key, fresh(text, at: path.dropFirst(), limits))])
  }

  private static func isIndex(_ key: String, _ limits: FormLimits) -> Bool {
    guard let number = Int(key), String(number) == key else { return false }
    return number >= 0 && number <= limits.arrayLimit
  }

  private static func merge(
    _ text: String, at path: ArraySlice<String>, into node: inout Node, _ limits: FormLimits
  ) {
    guard let key = path.first else {
      switch node {
      case .text, .map: node = .list([node, .text(text)])
      case .list(let items): node = .list(items + [.text(text)])
      }
      return
    }
    switch node {
    case .list(var items) where key.isEmpty || isIndex(key, limits):
      if !key.isEmpty, let index = Int(key), items.indices.contains(index), path.count > 1 {
        merge(text, at: path.dropFirst(), into: &items[index], limits)
      } else {
        items.append(fresh(text, at: path.dropFirst(), limits))
      }
      node = .list(items)
    case .list(let items):
      var members = items.enumerated().map { (key: String($0.offset), node: $0.element) }
      insert(text, at: path, into: &members, limits)
      node = .map(members)
    case .map(var members):
      insert(
        text, at: key.isEmpty ? [String(members.count)] + path.dropFirst() : path, into: &members,
        limits)
      node = .map(members)
    case .text:
      node = .list([node, fresh(text, at: path, limits)])
    }
  }

  private static func tree(_ node: Node, _ arena: inout Arena) -> egg_value? {
    switch node {
    case .text(let text):
      return copy(text, &arena).map { egg_value($0) }
    case .list(let items):
      guard let place = arena.array(of: egg_value.self, count: max(1, items.count)) else {
        return nil
      }
      for (index, item) in items.enumerated() {
        guard let value = tree(item, &arena) else { return nil }
        place[index] = value
      }
      return egg_value(items: place, count: items.count)
    case .map(let members):
      guard let place = arena.array(of: egg_pair.self, count: max(1, members.count)) else {
        return nil
      }
      for (index, member) in members.enumerated() {
        guard let key = copy(member.key, &arena), let value = tree(member.node, &arena) else {
          return nil
        }
        place[index] = egg_pair(key: key, value: value)
      }
      return egg_value(pairs: place, count: members.count)
    }
  }

  private static func copy(_ text: String, _ arena: inout Arena) -> egg_str? {
    var text = text
    return text.withUTF8 { arena.copy($0).map { egg_str($0) } }
  }
}
