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

  /// JSON text on one line.
  public var json: String { String(decoding: jsonBytes, as: UTF8.self) }

  /// JSON text on one line, as UTF-8.
  public var jsonBytes: [UInt8] {
    var writer = JSONWriter()
    writer.write(self)
    return writer.bytes
  }

  /// JSON text on several lines, each level indented.
  public func json(indent: Int) -> String {
    var writer = JSONWriter(indent: indent)
    writer.write(self)
    return String(decoding: writer.bytes, as: UTF8.self)
  }
}
