/// Checks for what goes into a header line, so that text from elsewhere cannot start a second line.
///
/// - Source: RFC 9110 §5.1 (names), §5.5 (values).

/// Whether the bytes are a token: a header name, a cookie name, a method.
package func isToken(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
  ByteClass.token.containsAll(bytes)
}

/// Whether the bytes may be a header value: no control characters except tab. Empty is fine, and so
/// are bytes from 0x80 up.
package func isFieldValue(_ bytes: UnsafeBufferPointer<UInt8>) -> Bool {
  for byte in bytes where (byte < 0x20 && byte != 0x09) || byte == 0x7F { return false }
  return true
}

/// Whether the text is a token.
package func isToken(_ text: String) -> Bool {
  var text = text
  return text.withUTF8 { isToken($0) }
}

/// Whether the text may be a header value.
package func isFieldValue(_ text: String) -> Bool {
  var text = text
  return text.withUTF8 { isFieldValue($0) }
}
