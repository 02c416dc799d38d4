/// The values of a statement that was written by hand.
public enum SQLArguments: Sendable, Equatable {
  /// No formatting at all: `?` stays `?`.
  case none
  /// `?` values and `??` names, in order.
  case list([SQLValue])
  /// `:name`
  case named(SQLFields)

  /// - Returns: `none` for what JavaScript finds false, a list of one for other scalars.
  /// - Source: Egg's `query(sql, values)`.
  public init(_ value: SQLValue) {
    switch value {
    case .list(let list): self = .list(list)
    case .fields(let fields): self = .named(fields)
    case .null, .boolean(false), .integer(0), .text(""): self = .none
    case .number(let number) where number == 0 || number.isNaN: self = .none
    default: self = .list([value])
    }
  }
}

extension SQLArguments: ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral {
  public init(arrayLiteral elements: (any SQLConvertible)?...) {
    self = .list(elements.map { $0?.sqlValue ?? .null })
  }
  public init(dictionaryLiteral elements: (String, (any SQLConvertible)?)...) {
    self = .named(SQLFields(elements.map { ($0.0, $0.1?.sqlValue ?? .null) }))
  }
}

extension SQLStatement {
  /// A statement written by hand, its placeholders replaced.
  ///
  /// `?` is a value, `??` a name, `???` and longer stay; with named arguments `:name` is a value and
  /// names that are not among them stay. Left-over placeholders stay, left-over values are ignored.
  ///
  /// Differs from Egg: what is quoted or a comment is left alone, so that `'12:30'` stays a time, and
  /// no value can get into quotes that are not its own.
  public init(_ sql: String, _ arguments: SQLArguments, dialect: SQLDialect = .mysql) {
    if case .none = arguments {
      self.init(sql)
      return
    }
    self.init(capacity: sql.utf8.count, values: arguments.count)
    var sql = sql
    sql.withUTF8 { fill($0, arguments, dialect) }
  }

  private mutating func fill(
    _ sql: UnsafeBufferPointer<UInt8>, _ arguments: SQLArguments, _ dialect: SQLDialect
  ) {
    var reader = PlaceholderReader(sql, dialect)
    var next = 0
    while let found = reader.next(named: arguments.isNamed) {
      switch (found, arguments) {
      case (.value, .list(let list)) where next < list.count:
        append(sql: reader.textBefore())
        append(list[next])
        next += 1
      case (.identifier, .list(let list)) where next < list.count:
        append(sql: reader.textBefore())
        append(SQLIdentifier.escape(list[next]))
        next += 1
      case (.name(let name), .named(let fields)):
        guard let value = fields[name] else { continue }
        append(sql: reader.textBefore())
        append(value)
      default: continue
      }
      reader.skip()
    }
    append(sql: reader.rest())
    assumesBackslashes = reader.sawEscapedQuote
  }
}

extension SQLArguments {
  fileprivate var isNamed: Bool { if case .named = self { true } else { false } }
  fileprivate var count: Int {
    switch self {
    case .none: 0
    case .list(let list): list.count
    case .named(let fields): fields.count
    }
  }
}

/// Finds placeholders outside of quotes and comments.
private struct PlaceholderReader {
  enum Found {
    case value, identifier
    case name(String)
  }

  private let bytes: UnsafeBufferPointer<UInt8>
  private let dialect: SQLDialect
  /// Where the text begins that nobody took yet.
  private var taken = 0
  private var found = 0..<0
  private var place = 0
  private(set) var sawEscapedQuote = false

  init(_ bytes: UnsafeBufferPointer<UInt8>, _ dialect: SQLDialect) {
    self.bytes = bytes
    self.dialect = dialect
  }

  func textBefore() -> Slice<UnsafeBufferPointer<UInt8>> { bytes[taken..<found.lowerBound] }
  func rest() -> Slice<UnsafeBufferPointer<UInt8>> { bytes[taken...] }
  /// The placeholder that was found is replaced.
  mutating func skip() { taken = found.upperBound }

  mutating func next(named: Bool) -> Found? {
    while true {
      skipPlain()
      guard place < bytes.count else { return nil }
      let start = place
      switch bytes[place] {
      case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"): skipQuoted()
      case UInt8(ascii: "#") where dialect == .mysql: skipLine()
      case UInt8(ascii: "-") where startsLineComment: skipLine()
      case UInt8(ascii: "/") where byte(1) == UInt8(ascii: "*"): skipComment()
      case UInt8(ascii: "?") where !named:
        while place < bytes.count, bytes[place] == UInt8(ascii: "?") { place += 1 }
        guard place - start <= 2 else { continue }
        found = start..<place
        return place - start == 1 ? .value : .identifier
      case UInt8(ascii: ":") where named && !isInsideWord(start):
        place += 1
        while place < bytes.count, isWord(bytes[place]) { place += 1 }
        guard place > start + 1 else { continue }
        found = start..<place
        return .name(String(decoding: bytes[start + 1..<place], as: UTF8.self))
      default: place += 1
      }
    }
  }

  /// Most bytes mean nothing by themselves.
  private mutating func skipPlain() {
    var next = place
    while next < bytes.count {
      switch bytes[next] {
      case UInt8(ascii: "'"), UInt8(ascii: "\""), UInt8(ascii: "`"), UInt8(ascii: "#"),
        UInt8(ascii: "-"), UInt8(ascii: "/"), UInt8(ascii: "?"), UInt8(ascii: ":"):
        place = next
        return
      default: next += 1
      }
    }
    place = next
  }

  private func byte(_ offset: Int) -> UInt8? {
    place + offset < bytes.count ? bytes[place + offset] : nil
  }

  private func isWord(_ byte: UInt8) -> Bool {
    byte >= 0x80 || (byte >= 0x30 && byte <= 0x39) || (byte | 0x20 >= 0x61 && byte | 0x20 <= 0x7A)
      || byte == UInt8(ascii: "_")
  }

  /// `12:30` and `a::b` are no names.
  private func isInsideWord(_ place: Int) -> Bool {
    place > 0 && (isWord(bytes[place - 1]) || bytes[place - 1] == UInt8(ascii: ":"))
  }

  /// MySQL wants a blank behind the dashes, SQLite does not.
  private var startsLineComment: Bool {
    guard byte(1) == UInt8(ascii: "-") else { return false }
    guard dialect == .mysql, let third = byte(2) else { return true }
    return third <= 0x20
  }

  private mutating func skipLine() {
    while place < bytes.count, bytes[place] != 10 { place += 1 }
  }

  private mutating func skipComment() {
    place += 2
    while place < bytes.count {
      if bytes[place] == UInt8(ascii: "*"), byte(1) == UInt8(ascii: "/") {
        place += 2
        return
      }
      place += 1
    }
  }

  private mutating func skipQuoted() {
    let quote = bytes[place]
    let escapes = dialect == .mysql && quote != UInt8(ascii: "`")
    place += 1
    while place < bytes.count {
      let current = bytes[place]
      place += 1
      if current == quote { return }  // a doubled quote is a second quoted text right behind it
      if escapes, current == 0x5C, place < bytes.count {
        if bytes[place] == quote || bytes[place] == 0x5C { sawEscapedQuote = true }
        place += 1
      }
    }
  }
}
