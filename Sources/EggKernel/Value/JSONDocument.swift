/// A place in a text: both 1-based, the column in bytes. `line` 0 means "no place".
package struct SourcePosition: Equatable, Sendable {
  package var line: UInt32
  package var column: UInt32

  package init(line: UInt32, column: UInt32) {
    self.line = line
    self.column = column
  }

  package static let none = SourcePosition(line: 0, column: 0)
}

/// A parsed text and where each of its values stands.
///
/// Positions are kept as one flat list in the order in which the values begin (the order of the
/// text), so that a file of a thousand values costs one allocation for them. A class, because
/// each `LocatedValue` holds on to it.
package final class JSONDocument: Sendable {
  struct Node: Sendable {
    var position: SourcePosition
    /// The number of the first node after this one and everything in it.
    var next: UInt32
  }

  package let file: String
  package let value: ConfigValue
  let nodes: [Node]

  /// A value that is not from a text: it has no positions.
  package convenience init(file: String, value: ConfigValue) {
    self.init(file: file, value: value, nodes: [])
  }

  init(file: String, value: ConfigValue, nodes: [Node]) {
    self.file = file
    self.value = value
    self.nodes = nodes
  }

  package var root: LocatedValue { LocatedValue(document: self, value: value, node: 0) }

  /// Where the value at a path stands; list elements are named by their number.
  package func position(at path: [String]) -> SourcePosition? {
    var place = root
    for key in path {
      if case .array = place.value {
        guard let number = Int(key), let element = place.elements.dropFirst(number).first,
          number >= 0
        else { return nil }
        place = element
      } else {
        guard let member = place[key] else { return nil }
        place = member
      }
    }
    return place.position
  }
}

/// A value together with its place in the document. For a member of an object the place is that
/// of its key.
package struct LocatedValue: Sendable {
  package let document: JSONDocument
  package let value: ConfigValue
  let node: Int

  package var file: String { document.file }

  package var position: SourcePosition {
    node < document.nodes.count ? document.nodes[node].position : .none
  }

  package var line: Int { Int(position.line) }

  /// The members in the order of the text; empty for anything that is no object.
  package var members: [(key: String, value: LocatedValue)] {
    guard case .object(let object) = value else { return [] }
    var result: [(key: String, value: LocatedValue)] = []
    result.reserveCapacity(object.count)
    forEachMember { result.append(($0, $1)) }
    return result
  }

  /// Visits the members without making a list of them.
  func forEachMember(_ body: (String, LocatedValue) -> Void) {
    guard case .object(let object) = value else { return }
    var child = node + 1
    for place in 0..<object.count {
      body(
        object.keys[place],
        LocatedValue(document: document, value: object.values[place], node: child))
      child = after(child)
    }
  }

  /// The elements of a list; empty for anything that is no list.
  package var elements: [LocatedValue] {
    guard case .array(let array) = value else { return [] }
    var child = node + 1
    return array.map { element in
      defer { child = after(child) }
      return LocatedValue(document: document, value: element, node: child)
    }
  }

  package subscript(key: String) -> LocatedValue? {
    guard case .object(let object) = value, let place = object.position(of: key) else {
      return nil
    }
    var child = node + 1
    for _ in 0..<place { child = after(child) }
    return LocatedValue(document: document, value: object.values[place], node: child)
  }

  private func after(_ node: Int) -> Int {
    node < document.nodes.count ? Int(document.nodes[node].next) : node
  }
}
