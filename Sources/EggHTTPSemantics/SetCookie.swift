/// What a `Set-Cookie` header says.
///
///     var cookie = SetCookie(name: "sid", value: "1")
///     cookie.maxAge = 3600
///     try cookie.headerValue()  // "sid=1; path=/; max-age=3600; httponly"
///
/// - Source: RFC 6265 §4.1; order and spelling of the attributes are those of Egg's cookies.
package struct SetCookie: Equatable, Sendable {
  package enum SameSite: String, Sendable { case strict, lax, none }
  package enum Priority: String, Sendable { case low, medium, high }

  /// Which part cannot be written.
  package enum Refusal: Error, Equatable, Sendable, CustomStringConvertible {
    case name(String)
    case value(cookie: String)
    case path(String)
    case domain(String)

    package var description: String {
      switch self {
      case .name(let name):
        "cookie name \"\(name)\" has a character that is not allowed: use letters, digits, \"-\", \"_\""
      case .value(let cookie):
        "the value of cookie \"\(cookie)\" has a space, comma, semicolon, quote, backslash or other "
          + "character that is not allowed: encode it, with encodeURIComponent or base64"
      case .path(let path): "cookie path \"\(path)\" has a semicolon or control character"
      case .domain(let domain): "cookie domain \"\(domain)\" is no host name"
      }
    }
  }

  package var name: String
  package var value: String
  package var path: String? = "/"
  /// Seconds.
  package var maxAge: Int?
  package var expires: HTTPDate?
  package var domain: String?
  package var priority: Priority?
  package var sameSite: SameSite?
  package var secure = false
  package var httpOnly = true
  package var partitioned = false

  package init(name: String, value: String) {
    self.name = name
    self.value = value
  }

  /// The value of the header.
  ///
  /// - Throws: for a part that would change the meaning of the header.
  package func headerValue() throws(Refusal) -> String {
    guard isToken(name) else { throw .name(name) }
    guard isCookieValue(value) else { throw .value(cookie: name) }
    var text = "\(name)=\(value)"
    if let path {
      guard isCookiePath(path) else { throw .path(path) }
      text += "; path=\(path)"
    }
    if let maxAge { text += "; max-age=\(maxAge)" }
    if let expires { text += "; expires=\(expires.text)" }
    if let domain {
      guard isCookieDomain(domain) else { throw .domain(domain) }
      text += "; domain=\(domain)"
    }
    if let priority { text += "; priority=\(priority.rawValue)" }
    if let sameSite { text += "; samesite=\(sameSite.rawValue)" }
    if secure { text += "; secure" }
    if httpOnly { text += "; httponly" }
    if partitioned { text += "; partitioned" }
    return text
  }
}

/// Whether the text can be a cookie's value: `cookie-octet`s, with or without quotes around them.
package func isCookieValue(_ text: String) -> Bool {
  var bytes = Bytes(text)
  if bytes.count >= 2, bytes.first == 0x22, bytes.last == 0x22 {
    bytes = bytes.dropFirst().dropLast()
  }
  return bytes.allSatisfy(ByteClass.cookie.contains)
}

/// Whether the text can be a cookie's path: printable ASCII without a semicolon, not empty.
package func isCookiePath(_ text: String) -> Bool {
  !text.isEmpty && text.utf8.allSatisfy { $0 >= 0x20 && $0 < 0x7F && $0 != 0x3B }
}

/// Whether the text can be a cookie's domain: a host name, with or without a dot in front.
package func isCookieDomain(_ text: String) -> Bool {
  let bytes = Bytes(text)
  let labels = (bytes.first == 0x2E ? bytes.dropFirst() : bytes)
    .split(separator: 0x2E, omittingEmptySubsequences: false)
  return text.utf8.count <= 253
    && labels.allSatisfy { label in
      !label.isEmpty && label.count <= 63 && label.first != 0x2D && label.last != 0x2D
        && label.allSatisfy {
          $0 &- 0x30 < 10 || ($0 | 0x20) &- 0x61 < 26 || $0 == 0x2D || $0 == 0x5F
        }
    }
}
