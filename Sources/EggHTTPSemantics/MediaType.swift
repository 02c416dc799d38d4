/// A media type with its parameters.
///
///     MediaType("Text/HTML; Charset=\"utf-8\"")?.essence  // "text/html"
///
/// - Source: RFC 9110 §8.3.1.
package struct MediaType: Equatable, Sendable {
  package struct Parameter: Equatable, Sendable {
    /// In lower case.
    package let name: String
    /// Without quotes, in the sender's case.
    package let value: String
  }

  /// Both in lower case.
  package let type: String
  package let subtype: String
  package let parameters: [Parameter]

  /// Reads `type/subtype; name=value; name="value"`.
  ///
  /// - Returns: nil if type, subtype or a parameter name is no token, or a parameter has no value.
  package init?(_ text: String) {
    var pieces = Bytes(text).list(separator: 0x3B)[...]
    guard let essence = pieces.popFirst(), let slash = essence.firstIndex(of: 0x2F) else {
      return nil
    }
    let main = essence[..<slash]
    let sub = essence[(slash + 1)...]
    guard main.isToken, sub.isToken else { return nil }
    var found: [Parameter] = []
    for piece in pieces {
      guard let equals = piece.firstIndex(of: 0x3D) else { return nil }
      let name = piece[..<equals]
      let value = piece[(equals + 1)...]
      let isQuoted = value.count >= 2 && value.first == 0x22 && value.last == 0x22
      guard name.isToken, isQuoted || value.isToken else { return nil }
      found.append(Parameter(name: name.lowercasedText, value: value.unquoted.text))
    }
    type = main.lowercasedText
    subtype = sub.lowercasedText
    parameters = found
  }

  /// The same for bytes of a header.
  package init?(_ bytes: UnsafeBufferPointer<UInt8>) {
    self.init(String(decoding: bytes, as: UTF8.self))
  }

  /// `type/subtype` in lower case.
  package var essence: String { type + "/" + subtype }

  /// The value of `charset` in lower case, or nil.
  package var charset: String? { parameter("charset").map(asciiLowercased) }

  /// The first value of the parameter `name`, which is given in lower case.
  package func parameter(_ name: String) -> String? {
    parameters.first { $0.name == name }?.value
  }
}
