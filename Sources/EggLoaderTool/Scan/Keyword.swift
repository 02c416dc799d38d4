/// The words that begin or modify a declaration.
enum Keyword {
  case `public`, open, package, `internal`, `fileprivate`, `private`
  case `static`, override, mutating, modifier
  case `class`, `struct`, `enum`, actor, `protocol`, `extension`
  case `func`, `var`, `let`, `import`
  /// A name that is none of these.
  case other
  /// Not a name at all.
  case none

  init(_ bytes: UnsafePointer<UInt8>, count: Int) {
    // Most names are none of them: the length and a lower-case first letter sort those out.
    guard count >= 3, count <= 12, bytes[0] >= 0x61, bytes[0] <= 0x7A else {
      self = .other
      return
    }
    let word = String(
      decoding: UnsafeBufferPointer(start: bytes, count: count), as: UTF8.self)
    self = Self.named[word] ?? .other
  }

  private static let named: [String: Keyword] = [
    "public": .public, "open": .open, "package": .package, "internal": .internal,
    "fileprivate": .fileprivate, "private": .private,
    "static": .static, "override": .override, "mutating": .mutating,
    "final": .modifier, "nonisolated": .modifier, "lazy": .modifier, "weak": .modifier,
    "unowned": .modifier, "dynamic": .modifier, "required": .modifier, "convenience": .modifier,
    "indirect": .modifier, "nonmutating": .modifier, "consuming": .modifier,
    "borrowing": .modifier, "distributed": .modifier, "prefix": .modifier, "postfix": .modifier,
    "infix": .modifier, "isolated": .modifier, "optional": .modifier,
    "class": .class, "struct": .struct, "enum": .enum, "actor": .actor, "protocol": .protocol,
    "extension": .extension, "func": .func, "var": .var, "let": .let, "import": .import,
  ]

  var access: Declaration.Access {
    switch self {
    case .private: .private
    case .fileprivate: .fileprivate
    case .public, .open, .package: .wider
    default: .internal
    }
  }
}
