internal import PluginABI

/// Where the request comes from and where it was sent to. With `config.proxy` on, the headers of
/// the proxy in front are believed; otherwise they are not looked at.
extension Request {
  private var behindProxy: Bool { app.config.proxy.bool ?? false }

  /// The first header of a comma list of names that the request has.
  private func first(of names: Value, _ fallback: String) -> String? {
    for name in (names.string ?? fallback).split(separator: ",") {
      let name = name.trimmed
      if !name.isEmpty, let value = header(name), !value.isEmpty { return value }
    }
    return nil
  }

  /// "example.com:7001"; "" when the client did not say.
  public var host: String {
    if behindProxy, let host = first(of: app.config.hostHeaders, "") {
      return host.beforeComma
    }
    return (header("host") ?? ctx.head.host.string).beforeComma
  }

  /// The host without its port; an IPv6 address in brackets.
  public var hostname: String {
    let host = host
    if host.hasPrefix("["), let end = host.firstIndex(of: "]") { return String(host[...end]) }
    return host.split(separator: ":", maxSplits: 1).first.map(String.init) ?? ""
  }

  /// "https" or "http".
  public var `protocol`: String {
    if Int(ctx.head.flags) & EGG_REQUEST_SECURE != 0 { return "https" }
    if behindProxy, let value = first(of: app.config.protocolHeaders, "x-forwarded-proto") {
      return value.beforeComma
    }
    return app.config.protocol.string ?? "http"
  }

  public var secure: Bool { self.protocol == "https" }

  /// The addresses that the proxies noted, the client's first; empty without a proxy.
  /// `config.maxIpsCount` above 0 keeps only the last so many.
  public var ips: [String] {
    guard behindProxy, let value = first(of: app.config.ipHeaders, "x-forwarded-for") else {
      return []
    }
    let all = value.split(separator: ",").map { $0.trimmed }
    let limit = app.config.maxIpsCount.int ?? 0
    return limit > 0 ? Array(all.suffix(limit)) : all
  }

  /// The client's address, without a leading "::ffff:". May be set.
  public var ip: String {
    get {
      if let known = ctx.lazyIfAny?.ip { return known }
      let address = ips.first ?? ctx.head.remote_address.string
      return address.hasPrefix("::ffff:") ? String(address.dropFirst(7)) : address
    }
    nonmutating set { ctx.lazy.ip = newValue }
  }

  /// "https://example.com"
  public var origin: String { self.protocol + "://" + host }
  /// The whole url.
  public var href: String { origin + url }

  /// The parts before the last `config.subdomainOffset` (2), the nearest first; empty for an
  /// address.
  public var subdomains: [String] {
    let name = hostname
    if name.hasPrefix("[") || name.allSatisfy({ $0 == "." || $0.isNumber }) { return [] }
    let offset = max(0, app.config.subdomainOffset.int ?? 2)
    return name.split(separator: ".").reversed().dropFirst(offset).map(String.init)
  }
}

nonisolated extension StringProtocol {
  /// Without spaces and tabs at both ends.
  var trimmed: String {
    var text = Substring(self)
    while let first = text.first, first == " " || first == "\t" { text.removeFirst() }
    while let last = text.last, last == " " || last == "\t" { text.removeLast() }
    return String(text)
  }

  var beforeComma: String { split(separator: ",", maxSplits: 1).first?.trimmed ?? "" }
}
