import Glibc

/// Where the kernel looks up environment variables: the process, or a fixed set in tests.
package struct EnvironmentVariables: Sendable {
  private let lookup: @Sendable (String) -> String?

  package init(_ variables: [String: String]) {
    lookup = { variables[$0] }
  }

  private init(lookup: @escaping @Sendable (String) -> String?) {
    self.lookup = lookup
  }

  /// The variables of this process. Bytes that are not UTF-8 are replaced.
  package static let process = EnvironmentVariables { name in
    guard let value = unsafe getenv(name) else { return nil }
    return unsafe String(cString: value)
  }

  /// The value, or nil when the variable is not set.
  package subscript(name: String) -> String? { lookup(name) }

  /// The value without blanks at its ends, or nil when that leaves nothing.
  package func trimmed(_ name: String) -> String? {
    guard let value = lookup(name) else { return nil }
    let text = trimmingBlanks(value)
    return text.isEmpty ? nil : text
  }
}

/// Removes spaces, tabs and line ends at both ends.
func trimmingBlanks(_ text: String) -> String {
  let bytes = text.utf8
  let isBlank: (UInt8) -> Bool = { $0 == 0x20 || (0x09...0x0D).contains($0) }
  guard let first = bytes.firstIndex(where: { !isBlank($0) }),
    let last = bytes.lastIndex(where: { !isBlank($0) })
  else { return "" }
  return String(text[first...last])
}
