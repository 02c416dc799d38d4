import Egg
import EggSecurityRules

/// The helpers that depend on the configuration.
public struct HelperSafety {
  private let config: Config
  /// Of the request, which is always ours.
  private let host: String

  public init(_ config: Config, host: String) {
    self.config = config
    self.host = host
  }

  public func surl(_ url: String) -> String {
    let protocols = config["security.protocolWhiteList"].array?.compactMap(\.string) ?? []
    return Escaped.url(url, protocols: protocols)
  }

  public func shtml(_ html: String) -> String {
    let hosts = list("security.domainWhiteList") + list("helper.shtml.domainWhiteList") + [host]
    let filter = HTMLFilter(tags) { isSafeDomain($0, hosts) }
    return filter.clean(html)
  }

  private var tags: HTMLFilter.Tags {
    guard let list = config["helper.shtml.whiteList"].object else { return HTMLFilter.usual }
    return Dictionary(
      list.map { ($0.key.lowercased(), Set($0.value.array?.compactMap(\.string) ?? [])) }
    ) { $1 }
  }

  private func list(_ path: String) -> [String] {
    config[path].array?.compactMap(\.string) ?? []
  }
}
