/// What `plugin.json` (or `egg.json` of an application or framework) says about a unit, checked.
struct UnitDescription {
  var kind: UnitKind
  /// The identity: plugin name, framework name or application name.
  var name: String
  var version = "0.0.0"
  var conventions: [Convention] = []
  /// Paths of the directories that this unit contributes.
  var directories: [String] = []
  /// Interfaces of the kernel and of plugins without which the unit does not start.
  var needs: [String] = []
  /// Names that the unit registers by hand, by target.
  var provides: [(target: String, names: [String])] = []
  /// Everything else of the file, passed on as it is.
  var others: [JSONNode.Member] = []

  /// What the loader writes itself, or needs for itself alone.
  private static let own: Set<String> = [
    "egg", "id", "name", "kind", "version", "abi", "provides", "directories", "conventions",
    "dep", "needs", "$schema",
  ]
  private static let lists: Set<String> = [
    "dependencies", "dep", "optionalDependencies", "env", "needs", "wants", "process",
  ]
  private static let processes: Set<String> = ["worker", "agent", "single"]
  static let targets = [
    "application", "agent", "context", "request", "response", "helper", "middleware", "interfaces",
    "engines",
  ]

  init(kind: UnitKind, name: String) {
    self.kind = kind
    self.name = name
  }
}

enum UnitKind: String {
  case application, framework, plugin
}

extension UnitDescription {
  /// Reads a description over the defaults; every mistake is reported, none is fatal.
  ///
  /// - Parameter position: the place of a byte offset, for messages.
  mutating func read(
    _ bytes: [UInt8], fileName: String, position: (Int) -> SourcePosition,
    report: (Mistake) -> Void
  ) {
    let root: JSONNode
    do {
      root = try JSONReader.read(bytes)
    } catch {
      report(Mistake(position: position(error.offset), message: error.message))
      return
    }
    guard let members = root.members else {
      report(Mistake(position: position(root.offset), message: "expected an object"))
      return
    }
    func mistake(_ node: JSONNode, _ message: String) {
      report(Mistake(position: position(node.offset), message: message))
    }
    for member in members {
      let node = member.value
      switch member.key {
      case "name", "id": readName(node, mistake)
      case "version": readVersion(node, mistake)
      case "kind":
        if let kind = node.string.flatMap(UnitKind.init),
          fileName != "plugin.json" || kind == .plugin
        {
          self.kind = kind
        } else if fileName == "plugin.json" {
          mistake(node, "plugin.json describes a plugin: leave \"kind\" away")
        } else {
          mistake(node, "expected \"application\" or \"framework\"")
        }
      case "provides": readProvides(node, mistake)
      case "directories": readDirectories(node, mistake)
      case "conventions": readConventions(node, mistake)
      case "routes":
        if let prefix = node["prefix"]?.string, prefix.hasPrefix("/") { break }
        mistake(node["prefix"] ?? node, "expected \"routes\": {\"prefix\": \"/…\"}")
      case let key where Self.lists.contains(key):
        guard let items = node.strings else {
          mistake(node, "expected a list of texts for \"\(key)\"")
          break
        }
        if key == "process", let unknown = items.first(where: { !Self.processes.contains($0) }) {
          mistake(
            node, "unknown process \"\(unknown)\": expected \"worker\", \"agent\" or \"single\"")
        }
        if key == "needs" { needs = items }
        if key == "dep" {
          others.append(.init(key: "dependencies", keyOffset: member.keyOffset, value: node))
        }
      default: break
      }
      if !Self.own.contains(member.key) { others.append(member) }
    }
    if let first = root["id"], let second = root["name"], first.string != second.string {
      mistake(second, "\"name\" and \"id\" differ: leave one away")
    }
    if let dep = root["dep"], root["dependencies"] != nil {
      mistake(dep, "\"dep\" and \"dependencies\" are the same thing: leave one away")
    }
  }

  private mutating func readName(_ node: JSONNode, _ mistake: (JSONNode, String) -> Void) {
    let isName = node.string.map { name in
      !name.isEmpty
        && name.utf8.allSatisfy { $0.isNamePart && $0 < 0x80 || $0 == 0x2D || $0 == 0x2E }
    }
    if isName == true, let text = node.string {
      name = text
    } else {
      mistake(node, "expected a name of letters, digits, \"-\", \"_\" and \".\"")
    }
  }

  private mutating func readVersion(_ node: JSONNode, _ mistake: (JSONNode, String) -> Void) {
    let core = node.string?.prefix { $0 != "-" && $0 != "+" }
    let parts = core?.split(separator: ".", omittingEmptySubsequences: false) ?? []
    if parts.count == 3, parts.allSatisfy({ UInt32($0) != nil }), let text = node.string {
      version = text
    } else {
      mistake(node, "expected a version like \"1.4.0\"")
    }
  }

  private mutating func readProvides(_ node: JSONNode, _ mistake: (JSONNode, String) -> Void) {
    guard let members = node.members else {
      mistake(node, "expected an object of lists, as {\"application\": [\"mysql\"]}")
      return
    }
    for member in members {
      // Other lists are a matter between plugins; a slip of the pen is not.
      if !Self.targets.contains(member.key),
        let meant = Self.targets.first(where: { isSlip(member.key, for: $0) })
      {
        mistake(member.value, "unknown list \"\(member.key)\": did you mean \"\(meant)\"?")
        continue
      }
      guard let names = member.value.strings else {
        mistake(member.value, "expected a list of names")
        continue
      }
      provides.append((member.key, names))
    }
  }

  /// `"app/io/controller"`, or an object that says more about it.
  private mutating func readDirectories(_ node: JSONNode, _ mistake: (JSONNode, String) -> Void) {
    guard case .array(let items) = node.value else {
      mistake(node, "expected a list of folders")
      return
    }
    for item in items {
      guard let path = readFolder(item, mistake) else { continue }
      directories.append(path)
      if item.string == nil, let convention = readConvention(path, item, mistake) {
        conventions.append(convention)
      }
    }
  }

  /// `{"app/io/controller": "controller"}`, or an object in place of the kind.
  private mutating func readConventions(_ node: JSONNode, _ mistake: (JSONNode, String) -> Void) {
    guard let members = node.members else {
      mistake(node, "expected an object, as {\"app/io/controller\": \"controller\"}")
      return
    }
    for member in members {
      if let convention = readConvention(member.key, member.value, mistake) {
        conventions.append(convention)
      }
    }
  }

  private func readFolder(_ item: JSONNode, _ mistake: (JSONNode, String) -> Void) -> String? {
    let path = item.string ?? item["path"]?.string
    guard var path, !path.hasPrefix("/"), !path.split(separator: "/").contains("..") else {
      mistake(item, "expected a folder below the unit, as \"app/io/controller\"")
      return nil
    }
    while path.hasSuffix("/") { path.removeLast() }
    return path
  }

  private func readConvention(
    _ path: String, _ node: JSONNode, _ mistake: (JSONNode, String) -> Void
  ) -> Convention? {
    let last = path.split(separator: "/").last.map(String.init) ?? ""
    let written = node.string ?? node["kind"]?.string ?? last
    guard let kind = ExportKind(rawValue: written) else {
      if node.string == nil, node["kind"] == nil { return nil }  // a folder of data
      mistake(
        node["kind"] ?? node,
        "unknown kind \"\(written)\": expected \"controller\", \"middleware\", \"service\","
          + " \"schedule\", \"functions\" or \"object\"")
      return nil
    }
    return Convention(
      path: path, kind: kind, holder: node["on"]?.string, module: node["import"]?.string)
  }
}

/// Whether two names differ by one letter left out, added, changed, or two exchanged.
private func isSlip(_ written: String, for meant: String) -> Bool {
  let (a, b) = (Array(written.utf8), Array(meant.utf8))
  guard abs(a.count - b.count) <= 1 else { return false }
  var start = 0
  while start < min(a.count, b.count), a[start] == b[start] { start += 1 }
  let (restA, restB) = (a[start...], b[start...])
  if restA.dropFirst() == restB.dropFirst() || restA.dropFirst() == restB { return true }
  if restA == restB.dropFirst() { return true }
  guard restA.count >= 2, restA.count == restB.count else { return false }
  return restA[start] == restB[start + 1] && restA[start + 1] == restB[start]
    && restA.dropFirst(2) == restB.dropFirst(2)
}
