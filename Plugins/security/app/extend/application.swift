import Egg
import EggSecurityRules

extension Application {
  /// A template's source with a hidden field in every form that is posted; unchanged when csrf is
  /// off.
  func injectCsrf(_ source: String, _ value: String = "{{ ctx.csrf }}") -> String {
    self[SecurityKey.self]?.csrf == nil ? source : TemplateInjection.csrf(source, value: value)
  }

  /// A template's source with a nonce for every script.
  func injectNonce(_ source: String, _ value: String = "{{ ctx.nonce }}") -> String {
    TemplateInjection.nonce(source, value: value)
  }

  func injectHijackingDefense(_ source: String) -> String {
    TemplateInjection.hijackingDefense(source)
  }

  /// Whether the server may send a request to this address, which it has found for a host. HTTP
  /// clients ask for each address before they connect, also after a redirect.
  func isSafeAddress(_ address: String, _ hostname: String = "") async -> Bool {
    guard let settings = self[SecurityKey.self] else { return true }
    guard settings.addresses.allows(address, hostname: hostname) else { return false }
    guard let name = settings.checkAddress else { return true }
    do {
      return try await call(name, address, hostname).isTruthy
    } catch {
      coreLogger.error("app.\(name): \(EggError(error).message); \(address) is not asked")
      return false
    }
  }

  var domainWhiteList: [String] {
    config["security.domainWhiteList"].array?.compactMap(\.string) ?? []
  }
}
