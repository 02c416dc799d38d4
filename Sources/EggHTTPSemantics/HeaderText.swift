/// Cutting header values into pieces. All on bytes: `Character` would join a comma with a combining
/// mark that follows it.

typealias Bytes = ArraySlice<UInt8>

extension ArraySlice<UInt8> {
  init(_ text: String) { self = Array(text.utf8)[...] }

  var text: String { String(decoding: self, as: UTF8.self) }
  var lowercasedText: String { String(decoding: map(lowercased), as: UTF8.self) }

  /// Without spaces and tabs at both ends.
  var trimmed: Bytes {
    var start = startIndex
    var end = endIndex
    while start < end, self[start] == 0x20 || self[start] == 0x09 { start += 1 }
    while end > start, self[end - 1] == 0x20 || self[end - 1] == 0x09 { end -= 1 }
    return self[start..<end]
  }

  /// The pieces between `separator`s that are not inside double quotes; trimmed, empty ones left out.
  func list(separator: UInt8) -> [Bytes] {
    var pieces: [Bytes] = []
    var start = startIndex
    var isQuoted = false
    var at = startIndex
    while at < endIndex {
      let byte = self[at]
      if isQuoted, byte == 0x5C {
        at += 1
      } else if byte == 0x22 {
        isQuoted.toggle()
      } else if byte == separator, !isQuoted {
        pieces.append(self[start..<at])
        start = at + 1
      }
      at += 1
    }
    if start < endIndex { pieces.append(self[start...]) }
    return pieces.map(\.trimmed).filter { !$0.isEmpty }
  }

  /// What is before and behind the first `byte`, both trimmed; nil if there is none.
  func cut(at byte: UInt8) -> (before: Bytes, behind: Bytes)? {
    guard let index = firstIndex(of: byte) else { return nil }
    return (self[..<index].trimmed, self[(index + 1)...].trimmed)
  }

  /// The text of a quoted string without quotes and backslashes; anything else as it is.
  var unquoted: Bytes {
    guard count >= 2, first == 0x22, last == 0x22 else { return self }
    let inner = self[(startIndex + 1)..<(endIndex - 1)]
    guard inner.contains(0x5C) else { return inner }
    var plain: [UInt8] = []
    var isEscaped = false
    for byte in inner {
      if byte == 0x5C, !isEscaped {
        isEscaped = true
      } else {
        plain.append(byte)
        isEscaped = false
      }
    }
    return plain[...]
  }

  var isToken: Bool { !isEmpty && allSatisfy(ByteClass.token.contains) }
}

func lowercased(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }

/// ASCII letters in lower case, everything else as it is.
func asciiLowercased(_ text: String) -> String {
  String(decoding: text.utf8.map(lowercased), as: UTF8.self)
}
