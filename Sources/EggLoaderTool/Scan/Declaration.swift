/// A declaration that the scanner found; only what the loader asks about is kept.
struct Declaration {
  enum Kind: String {
    case `class`, `struct`, `enum`, actor, `protocol`, `extension`
    case function, property
  }

  enum Access {
    case `private`, `fileprivate`, `internal`, wider
  }

  var kind: Kind
  /// Without backticks; for an extension the extended type as written.
  var name: String
  /// Byte offset of the name in its file.
  var offset: Int
  var access = Access.internal
  /// `static`, or `class` in front of a method.
  var isStatic = false
  var isOverride = false
  /// Has its own generic parameters or a `where` clause.
  var isGeneric = false
  /// Stands between `#if` and `#endif`.
  var isConditional = false
  /// The line above says `// egg: local`.
  var isLocal = false
  var attributes: [String] = []

  /// Types: superclass and protocols, as written.
  var inherited: [String] = []
  var members: [Declaration] = []

  /// Functions.
  var parameters: [Parameter] = []
  var isMutating = false
  /// Functions, and properties whose getter says so.
  var isAsync = false
  var isThrowing = false
  /// The result of a function (nil: Void) or the written type of a property (nil: inferred).
  var type: String?
  /// Properties: false for `let`, a getter alone, and `private(set)`.
  var isSettable = false

  var isHidden: Bool { access == .private || access == .fileprivate }
}

struct Parameter {
  /// What a caller writes; nil for `_`.
  var label: String?
  var name: String
  /// As written, without default: `[String: Value]`, `inout Int`, `Value...`.
  var type: String
  var hasDefault: Bool
}
