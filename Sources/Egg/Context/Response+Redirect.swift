internal import EggHTTPSemantics

extension Response {
  /// The reason phrase of a status, `Not Found` for 404; empty when nobody has given it one.
  public func phrase(_ status: Int) -> String { "\(reasonPhrase(status))" }

  /// Sends the client elsewhere: 302 unless a redirecting status is set already.
  ///
  /// Only to places that are safe, which keeps a forged parameter from sending people away:
  /// a path of this site; another site over http or https, and with
  /// `config.security.domainWhiteList` only those that it names. Everything else goes to "/". Outside
  /// of production a host that the list does not name is answered with 500 and a line that says so:
  /// in development it is to be seen.
  ///
  /// - Source: Egg's security plugin, which overrides Koa's redirect and throws the 500.
  public func redirect(_ url: String) {
    let url = url.trimmed
    if let host = refusedHost(of: url) { return refuse(host) }
    unsafeRedirect(safe(url))
  }

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
    if url.isEmpty || url.hasPrefix("//") { return "/" }
    if url.hasPrefix("/") { return url.hasPrefix("/\\") ? "/" : url }
    return Self.hostOfWebAddress(url) == nil ? "/" : url
  }

  /// The host when it is another site's that `config.security.domainWhiteList` does not name.
  private func refusedHost(of url: String) -> String? {
    guard !url.hasPrefix("/"), let host = Self.hostOfWebAddress(url) else { return nil }
    let allowed = app.config.security.domainWhiteList.array?.compactMap(\.string) ?? []
    if allowed.isEmpty || host == ctx.request.hostname.lowercased() { return nil }
    return allowed.contains { Self.matches(host, $0.lowercased()) } ? nil : host
  }

  private func refuse(_ host: String) {
    guard app.env != "prod" else { return unsafeRedirect("/") }
    let text =
      "a security problem has been detected: config.security.domainWhiteList does not have"
      + " \"\(host)\", redirection is prohibited"
    ctx.logger.error(text)
    status = 500
    body = text
    type = "text"
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

  /// `.example.com` is the domain and everything below; `*` stands for anything; others are exact.
  private static func matches(_ host: String, _ pattern: String) -> Bool {
    if pattern.hasPrefix(".") { return host.hasSuffix(pattern) || host == pattern.dropFirst() }
    let parts = pattern.split(separator: "*", omittingEmptySubsequences: false)
    guard parts.count > 1, let first = parts.first, let last = parts.last else {
      return host == pattern
    }
    guard host.hasPrefix(first), host.utf8.count >= first.utf8.count + last.utf8.count,
      host.hasSuffix(last)
    else { return false }
    var rest = host.dropFirst(first.count).dropLast(last.count)
    for part in parts.dropFirst().dropLast() where !part.isEmpty {
      guard let found = rest.firstRange(of: part) else { return false }
      rest = rest[found.upperBound...]
    }
    return true
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
