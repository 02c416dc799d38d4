import Egg
import EggSecurityRules

extension Context {
  /// A token for a form or a script; "" while the visitor has no secret.
  var csrf: String { (try? Csrf(self)?.token()) ?? "" }

  func ensureCsrfSecret() throws { try Csrf(self)?.ensureSecret() }
  func rotateCsrfSecret() throws { try Csrf(self)?.rotateSecret() }
  func assertCsrf() throws { try Csrf(self)?.assert() }
  /// What the layer asks of requests that may change something.
  func checkCsrf() throws { try Csrf(self)?.check() }

  /// What scripts of this page have to carry; another one for every request.
  var nonce: String {
    if let known = self[NonceKey.self] { return known }
    let nonce = (try? Csrf.randomText(12, app)) ?? ""
    self[NonceKey.self] = nonce
    return nonce
  }

  /// Whether a host is one of `list`, without it one of `config.security.domainWhiteList`.
  func isSafeDomain(_ host: String, _ list: [String]? = nil) -> Bool {
    EggSecurityRules.isSafeDomain(host, list ?? app.domainWhiteList)
  }
}

private enum NonceKey: StorageKey { typealias Value = String }
