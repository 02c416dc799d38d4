/// A page with places for what is known of an error: `{{ message }}`.
///
///     try PageTemplate("<h1>{{ status }}</h1>").filled(["status": "500"])   // "<h1>500</h1>"
///
/// What is filled in is HTML already; a template has no other logic.
package struct PageTemplate: Sendable {
  /// What a template may ask for.
  package static let names = [
    "status", "title", "method", "url", "message", "cause", "source", "stack", "properties",
    "request", "configuration", "env", "style",
  ]

  package struct Mistake: Error, CustomStringConvertible {
    package let description: String
  }

  private enum Part {
    case text(String)
    case place(String)
  }

  private var parts: [Part] = []

  /// - Throws: for a place that nothing is known for, with its line.
  package init(_ text: String) throws(Mistake) {
    var rest = text[...]
    var line = 1
    while let open = rest.firstRange(of: "{{") {
      let before = rest[..<open.lowerBound]
      line += before.utf8.count { $0 == UInt8(ascii: "\n") }
      guard let close = rest[open.upperBound...].firstRange(of: "}}") else {
        throw Mistake(description: "line \(line): \"{{\" without \"}}\"")
      }
      let name = rest[open.upperBound..<close.lowerBound].filter { !$0.isWhitespace }
      guard Self.names.contains(name) else {
        throw Mistake(
          description: "line \(line): there is no {{ \(name.prefix(40)) }}, only "
            + Self.names.joined(separator: ", "))
      }
      parts += [.text(String(before)), .place(name)]
      rest = rest[close.upperBound...]
    }
    parts.append(.text(String(rest)))
  }

  package func filled(_ values: [String: String]) -> String {
    parts.reduce(into: "") { page, part in
      switch part {
      case .text(let text): page += text
      case .place(let name): page += values[name] ?? ""
      }
    }
  }
}
