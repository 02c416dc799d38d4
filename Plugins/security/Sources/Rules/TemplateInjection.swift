/// Changes of a template's source, made once when it is compiled.
public enum TemplateInjection {
  /// A hidden field behind the opening tag of every form that is posted, unless it has one.
  ///
  /// - Parameter value: what a template prints the token with, `{{ ctx.csrf }}`.
  public static func csrf(_ source: String, value: String = "{{ ctx.csrf }}") -> String {
    var result = ""
    var rest = Substring(source)
    while let form = nextTag("form", in: rest) {
      let inside = rest[form.upperBound...]
      let end = nextText("</form", in: inside)?.lowerBound ?? inside.endIndex
      result += rest[..<form.upperBound]
      let hasField =
        nextText("name=\"_csrf\"", in: inside[..<end]) != nil
        || nextText("name='_csrf'", in: inside[..<end]) != nil
      if isPosted(rest[form]), !hasField {
        result += "<input type=\"hidden\" name=\"_csrf\" value=\"\(value)\" />"
      }
      result += inside[..<end]
      rest = inside[end...]
    }
    return result + rest
  }

  /// `nonce` for every script that has none.
  ///
  /// - Parameter value: what a template prints the nonce with.
  public static func nonce(_ source: String, value: String = "{{ ctx.nonce }}") -> String {
    var result = ""
    var rest = Substring(source)
    while let script = nextTag("script", in: rest) {
      let tag = rest[script]
      result += rest[..<script.lowerBound]
      if nextText("nonce=", in: tag) != nil {
        result += tag
      } else {
        result +=
          tag.prefix("<script".count) + " nonce=\"\(value)\"" + tag.dropFirst("<script".count)
      }
      let inside = rest[script.upperBound...]
      let end = nextText("</script", in: inside)?.lowerBound ?? inside.endIndex
      result += inside[..<end]
      rest = inside[end...]
    }
    return result + rest
  }

  /// Comments around a page that make what a network adds to it ineffective.
  public static func hijackingDefense(_ source: String) -> String {
    let guarding = "<!--for injection--><!--</html>--><!--for injection-->"
    return guarding + source + guarding
  }

  private static func isPosted(_ tag: Substring) -> Bool {
    var text = tag.lowercased().filter { !$0.isWhitespace }
    text.removeAll { $0 == "\"" || $0 == "'" }
    return nextText("method=post", in: Substring(text)) != nil
  }

  /// `<name …>` with a whole name. A `>` between quotes or in `{{ }}` does not end it.
  private static func nextTag(_ name: String, in text: Substring) -> Range<Substring.Index>? {
    var from = text
    while let start = nextText("<" + name, in: from) {
      let behind = text[start.upperBound...]
      from = behind
      guard let next = behind.utf8.first,
        next == 0x3E || next == 0x2F || next == 0x20 || (0x09...0x0D).contains(next)
      else { continue }
      guard let end = endOfTag(behind) else { return nil }
      return start.lowerBound..<end
    }
    return nil
  }

  private static func endOfTag(_ text: Substring) -> Substring.Index? {
    var quote: UInt8?
    var braces = 0
    var at = text.startIndex
    while at < text.endIndex {
      let byte = text.utf8[at]
      at = text.utf8.index(after: at)
      if let open = quote {
        if byte == open { quote = nil }
      } else if byte == 0x22 || byte == 0x27 {
        quote = byte
      } else if byte == UInt8(ascii: "{") {
        braces += 1
      } else if byte == UInt8(ascii: "}") {
        braces = max(0, braces - 1)
      } else if byte == UInt8(ascii: ">"), braces == 0 {
        return at
      }
    }
    return nil
  }

  /// Case of ASCII letters does not count. `wanted` is in lower case.
  private static func nextText(_ wanted: String, in text: Substring) -> Range<Substring.Index>? {
    let wanted = Array(wanted.utf8)
    let bytes = text.utf8
    var at = bytes.startIndex
    while at < bytes.endIndex {
      var (next, place) = (at, 0)
      while place < wanted.count, next < bytes.endIndex, lower(bytes[next]) == wanted[place] {
        next = bytes.index(after: next)
        place += 1
      }
      if place == wanted.count { return at..<next }
      at = bytes.index(after: at)
    }
    return nil
  }

  private static func lower(_ byte: UInt8) -> UInt8 { byte &- 0x41 < 26 ? byte | 0x20 : byte }
}
