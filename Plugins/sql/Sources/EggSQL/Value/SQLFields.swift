/// Columns and their values, in the order in which they were written: a row to insert, a condition.
///
///     ["id": 1, "title": title, "note": nil]
///
/// A name that occurs again replaces the value before it.
public struct SQLFields: Sendable, Hashable {
  public private(set) var names: [String] = []
  public private(set) var values: [SQLValue] = []

  public init() {}

  public init(_ elements: some Sequence<(String, SQLValue)>) {
    for (name, value) in elements { self[name] = value }
  }

  public var count: Int { names.count }
  public var isEmpty: Bool { names.isEmpty }

  public subscript(name: String) -> SQLValue? {
    get { names.firstIndex(of: name).map { values[$0] } }
    set {
      switch (names.firstIndex(of: name), newValue) {
      case (let place?, let value?): values[place] = value
      case (let place?, nil):
        names.remove(at: place)
        values.remove(at: place)
      case (nil, let value?):
        names.append(name)
        values.append(value)
      case (nil, nil): break
      }
    }
  }
}

extension SQLFields: ExpressibleByDictionaryLiteral {
  public init(dictionaryLiteral elements: (String, (any SQLConvertible)?)...) {
    for (name, value) in elements { self[name] = value?.sqlValue ?? .null }
  }
}

extension SQLFields: Sequence {
  public func makeIterator() -> some IteratorProtocol<(String, SQLValue)> {
    zip(names, values).makeIterator()
  }
}

extension SQLFields: Encodable {
  public func encode(to encoder: any Encoder) throws {
    var container = encoder.container(keyedBy: SQLName.self)
    for (name, value) in self { try container.encode(value, forKey: SQLName(name)) }
  }
}

/// The name of a column as a key of `Codable`.
struct SQLName: CodingKey {
  let stringValue: String
  let intValue: Int?

  init(_ name: String) {
    stringValue = name
    intValue = nil
  }
  init?(stringValue: String) { self.init(stringValue) }
  init?(intValue: Int) {
    stringValue = String(intValue)
    self.intValue = intValue
  }
}
