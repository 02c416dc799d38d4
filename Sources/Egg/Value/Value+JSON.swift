nonisolated extension Value {
  /// Reads JSON text.
  ///
  ///     try Value(json: #"{"a": [1, 2]}"#).a[1].int  // 2
  ///
  /// - Throws: `JSONError` with line and column.
  public init(json text: String) throws {
    var text = text
    self = try text.withUTF8 { try JSONReader.read($0) }
  }

  /// Reads JSON text from UTF-8 bytes.
  public init(json bytes: [UInt8]) throws {
    self = try bytes.withUnsafeBufferPointer { try JSONReader.read($0) }
  }

  /// The elements of a list that is JSON text, as UTF-8 bytes; the first ones are passed over.
  ///
  ///     // of ["message", 1, 2]
  ///     try Value.elements(json: bytes, skipping: 1)  // 1 and 2
  ///
  /// - Throws: `JSONError`, also when it is no list.
  public static func elements(json bytes: UnsafeRawBufferPointer, skipping: Int = 0) throws
    -> [Self]
  {
    try JSONReader.readElements(bytes.bindMemory(to: UInt8.self), skipping: skipping)
  }

  /// Lends a list of `first` and `rest` as JSON text to `body`.
  public static func withJSONList<R>(
    _ first: Self, _ rest: [Self], _ body: (UnsafeRawBufferPointer) throws -> R
  ) rethrows -> R {
    var writer = JSONWriter()
    writer.writeList(first, rest)
    return try body(UnsafeRawBufferPointer(writer.bytes))
  }

  /// JSON text on one line.
  public var json: String { withJSON { String(decoding: $0, as: UTF8.self) } }

  /// JSON text on one line, as UTF-8.
  public var jsonBytes: [UInt8] { withJSON { Array($0) } }

  /// JSON text on several lines, each level indented.
  public func json(indent: Int) -> String {
    withJSON(indent: indent) { String(decoding: $0, as: UTF8.self) }
  }

  /// Lends JSON text as UTF-8 to `body`.
  func withJSON<R>(indent: Int = 0, _ body: (UnsafeBufferPointer<UInt8>) throws -> R) rethrows -> R
  {
    var writer = JSONWriter(indent: indent)
    writer.write(self)
    return try body(writer.bytes)
  }
}
