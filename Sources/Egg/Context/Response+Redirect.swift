internal import EggHTTPSemantics

extension Response {
  /// The reason phrase of a status, `Not Found` for 404; empty when nobody has given it one.
  public func phrase(_ status: Int) -> String { "\(reasonPhrase(status))" }

  /// Sends the client elsewhere: 302 unless a redirecting status is set already.
  ///
  /// Only to places that are safe, which keeps a forged parameter from sending people away:
  /// a path of this site; another site over http or https, and with
  /// `config.security.domainWhiteList` only those that it names. Everything else goes to "/".
  ///
  /// - Source: Egg's security plugin, which overrides Koa's redirect.
  public func redirect(_ url: String) { unsafeRedirect(safe(url)) }

  /// The same without a look at where it leads.
  public func unsafeRedirect(_ url: String) {
    let location = urlEncoded(url)
    set("Location", location)
    let present = status
    if ![300, 301, 302, 303, 305, 307, 308].contains(present) { status = 302 }
    if ctx.request.accepts("html") != nil {
      let text = location.htmlEscaped
      body = "Redirecting to <a href=\"\(text)\">\(text)</a>."
      type = "html"
    } else {
      body = "Redirecting to \(location)."
      type = "text"
    }
  }

  private func safe(_ url: String) -> String {
    let url = url.trimmed
    if url.isEmpty || url.hasPrefix("//") { return "/" }
    if url.hasPrefix("/") { return url.hasPrefix("/\\") ? "/" : url }
    guard let host = Self.hostOfWebAddress(url) else { return "/" }
    let allowed = app.config.security.domainWhiteList.array?.compactMap(\.string) ?? []
    if allowed.isEmpty || host == ctx.request.hostname.lowercased() { return url }
    if allowed.contains(where: { Self.matches(host, $0.lowercased()) }) { return url }
    if app.env != "prod" {
      ctx.logger.warn(
        "redirect to \"\(host)\" went to \"/\": config.security.domainWhiteList does not have it")
    }
    return "/"
  }

  /// The host in lower case when the text is an absolute http or https url.
  private static func hostOfWebAddress(_ url: String) -> String? {
    let lower = url.lowercased()
    guard let start = ["http://", "https://"].first(where: lower.hasPrefix) else { return nil }
    // Browsers take a backslash for a slash, and drop tabs and line breaks.
    guard !url.unicodeScalars.contains(where: { $0.value <= 0x20 || $0 == "\\" }) else {
      return nil
    }
    let authority = lower.dropFirst(start.count).prefix { !"/?#".contains($0) }
    let host = authority.split(separator: "@", omittingEmptySubsequences: false).last ?? ""
    let name = host.split(separator: ":", maxSplits: 1).first ?? ""
    return name.isEmpty ? nil : String(name)
  }

  /// `.example.com` and `*.example.com` are the domain and everything below; others are exact.
  private static func matches(_ host: String, _ pattern: String) -> Bool {
    let suffix = pattern.hasPrefix("*.") ? String(pattern.dropFirst()) : pattern
    if suffix.hasPrefix(".") { return host.hasSuffix(suffix) || host == suffix.dropFirst() }
    return host == pattern
  }
}

nonisolated extension String {
  /// Safe between tags and in quoted attributes.
  public var htmlEscaped: String {
    var text = ""
    text.reserveCapacity(utf8.count)
    for character in unicodeScalars {
      switch character {
      case "&": text += "&amp;"
      case "<": text += "&lt;"
      case ">": text += "&gt;"
      case "\"": text += "&quot;"
      case "'": text += "&#39;"
      default: text.unicodeScalars.append(character)
      }
    }
    return text
  }
}
