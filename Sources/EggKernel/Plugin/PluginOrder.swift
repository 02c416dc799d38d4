/// Puts plugins in an order in which each follows what it depends on.
package enum PluginOrder {
  struct Node {
    var dependencies: [String]
    /// Those that are on; they influence the order only.
    var optionalDependencies: [String] = []
    /// Who asks for the dependencies.
    var from: FilePlace
    /// Through whom it came in: from a plugin of the table to this one.
    var chain: [String]
  }

  struct Graph {
    /// Names to begin with, in the order of the tables.
    var wanted: [String]
    var nodes: [String: Node] = [:]
    /// Why a name is not there.
    var reason: @Sendable (String) -> String = { _ in "it is in no plugin table" }

    init(wanted: [String]) { self.wanted = wanted }
  }

  /// Depth first in the order of the tables, dependencies first, then optional ones.
  ///
  /// - Throws: `.dependency`, once, with everything that is missing and every circle.
  static func sort(_ graph: Graph) throws(BootError) -> [String] {
    var walk = Walk(graph: graph)
    for name in graph.wanted { walk.visit(name) }
    guard walk.missing.isEmpty, walk.circles.isEmpty else { throw walk.error }
    return walk.order
  }

  private struct Walk {
    let graph: Graph
    var order: [String] = []
    var done: Set<String> = []
    var path: [String] = []
    var missing: [(name: String, by: String)] = []
    var circles: [[String]] = []

    init(graph: Graph) { self.graph = graph }

    mutating func visit(_ name: String) {
      if done.contains(name) { return }
      if let place = path.firstIndex(of: name) {
        circles.append(path[place...] + [name])
        return
      }
      guard let node = graph.nodes[name] else {
        missing.append((name, path.last ?? ""))
        return
      }
      path.append(name)
      for dependency in node.dependencies { visit(dependency) }
      for dependency in node.optionalDependencies { visit(dependency) }
      path.removeLast()
      done.insert(name)
      order.append(name)
    }

    var error: BootError {
      var names: [String] = []
      for (name, _) in missing where !names.contains(name) { names.append(name) }
      var text = "plugins have no order, missing: [\(names.joined(separator: ","))], recursive: ["
      text += circles.map { $0.joined(separator: ",") }.joined(separator: "], [") + "]"
      for (name, by) in missing {
        let node = graph.nodes[by]
        let chain = ((node?.chain ?? [by]) + [name]).joined(separator: " → ")
        text += "\n  >> plugin \"\(name)\" is disabled or missed, but is required by \"\(by)\""
        text += " (\(chain)"
        if let node { text += ", asked in \(node.from)" }
        text += "): \(graph.reason(name))"
      }
      for circle in circles {
        text += "\n  >> circle \(circle.joined(separator: " → "))"
        for name in circle.dropLast() {
          if let node = graph.nodes[name] { text += "\n     \"\(name)\" asks in \(node.from)" }
        }
      }
      let culprit = missing.first?.by ?? circles.first?.first ?? ""
      let from = graph.nodes[culprit]?.from
      return BootError(.dependency, unit: culprit, text, file: from?.file, line: from?.line)
    }
  }
}
