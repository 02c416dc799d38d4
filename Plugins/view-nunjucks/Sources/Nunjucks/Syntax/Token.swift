/// A piece of template source.
struct Token {
  /// The raw value is the name error messages use.
  enum Kind: String {
    case string, whitespace, data, symbol, regex, int, float, boolean, none, comment, tilde, pipe
    case comma, colon
    case op = "operator"
    case blockStart = "block-start"
    case blockEnd = "block-end"
    case variableStart = "variable-start"
    case variableEnd = "variable-end"
    case leftParen = "left-paren"
    case rightParen = "right-paren"
    case leftBracket = "left-bracket"
    case rightBracket = "right-bracket"
    case leftCurly = "left-curly"
    case rightCurly = "right-curly"
  }

  let kind: Kind
  /// The text; escapes in strings are resolved. For a regex `body` and `flags` apart.
  let value: String
  /// Byte offset in the source.
  let offset: Int
  var flags = ""

  /// Whether the delimiter carries a dash on its inner side.
  var hasDash: Bool {
    switch kind {
    case .blockEnd, .variableEnd: value.utf8.first == UInt8(ascii: "-")
    case .blockStart, .variableStart: value.utf8.last == UInt8(ascii: "-")
    default: false
    }
  }
}
