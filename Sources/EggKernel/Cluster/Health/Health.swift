import Glibc
import PluginABI

/// `/-/live`, `/-/ready` and `/-/metrics`, answered before any middleware.
///
/// | path | 200 | 503 |
/// | --- | --- | --- |
/// | `/-/live` | the loop turns | |
/// | `/-/ready` | requests are welcome | starting, draining, or a unit's check has failed |
/// | `/-/metrics` | Prometheus text of all processes | |
final class Health {
  struct Check {
    let name: String
    let table: egg_readiness
    unowned(unsafe) let unit: Unit
  }

  /// Who may read the metrics.
  enum Audience { case nobody, privateNetworks, everybody }

  let audience: Audience
  /// Milliseconds that a check may take.
  static let patience = 5_000

  /// - Returns: nil when `config.health.enable` is false.
  init?(_ config: ConfigTree) {
    guard config.value(at: "health.enable")?.bool ?? true else { return nil }
    let metrics = config.value(at: "health.metrics")
    if let flag = metrics?.bool {
      audience = flag ? .everybody : .nobody
    } else {
      audience = .privateNetworks
    }
  }
}

extension Context {
  /// - Returns: whether the request was one for this.
  func answersHealth() -> Bool {
    let path = head.path.bytes(in: base)
    guard path.count >= 7, path.count <= 10, path[0] == 0x2F, path[1] == 0x2D, path[2] == 0x2F,
      head.method == .get || head.method == .head, let health = worker.health
    else { return false }
    let text = egg_str(path)
    if text.equals("/-/live") {
      answer(200, "live\n")
    } else if text.equals("/-/ready") {
      answerReady()
    } else if text.equals("/-/metrics"), isAudience(health.audience) {
      answer(200, MetricsText.make(worker), type: "text/plain; version=0.0.4; charset=utf-8")
    } else {
      return false
    }
    return true
  }

  private func answer(_ status: Int32, _ content: String, type: StaticString? = nil) {
    self.status = status
    isStatusSet = true
    body.release()
    body.kind = egg_body_kind(EGG_BODY_TEXT)
    body.bytes = text(content).bytes
    for (name, value) in [
      ("Content-Type", type ?? "text/plain; charset=utf-8"), ("Cache-Control", "no-store"),
    ] as [(StaticString, StaticString)] {
      _ = responseHead.set(
        name, UnsafeBufferPointer(start: value.utf8Start, count: value.utf8CodeUnitCount))
    }
    chainEnded()
  }

  /// Asks every unit that wants to be asked, all at once.
  private func answerReady() {
    if worker.isDraining { return answer(503, "draining\n") }
    guard worker.isBooted else { return answer(503, "starting\n") }
    let checks = worker.readinessChecks
    guard !checks.isEmpty else { return answer(200, "ready\n") }
    var left = checks.count
    var failed: [String] = []
    // The request's own context stays until all have answered.
    holds &+= 1
    for check in checks {
      worker.begin(
        check.unit, worker.makeBackground(), "readiness \(check.name)", patience: Health.patience,
        { call in check.table.check(check.table.`self`, call) }
      ) { [self] result in
        if case .failure(let error) = result {
          failed.append(check.name)
          worker.log.warning("not ready: \(check.name): \(error.message)")
        }
        left -= 1
        guard left == 0 else { return }
        holds &-= 1
        if failed.isEmpty {
          answer(200, "ready\n")
        } else {
          // Names only: what is wrong with a database is not the public's business.
          answer(503, "not ready: \(failed.sorted().joined(separator: ", "))\n")
        }
      }
    }
  }

  /// Requests that come through a proxy count as public ones.
  private func isAudience(_ audience: Health.Audience) -> Bool {
    switch audience {
    case .everybody: return true
    case .nobody: return false
    case .privateNetworks:
      let forwarded: StaticString = "x-forwarded-for"
      let name = UnsafeBufferPointer(
        start: forwarded.utf8Start, count: forwarded.utf8CodeUnitCount)
      guard fields.header(named: name, nth: 0, in: base) == nil, let connection else {
        return false
      }
      let address = connection.remoteAddress.string
      if address.isEmpty || address == "::1" { return true }
      let parts = address.split(separator: ".").compactMap { UInt8($0) }
      guard parts.count == 4 else {
        // fc00::/7 and fe80::/10 (RFC 4193, RFC 4291).
        let first = address.lowercased().prefix(3)
        return first.hasPrefix("fc") || first.hasPrefix("fd") || first == "fe8"
      }
      // RFC 1918, loopback, link-local.
      return parts[0] == 127 || parts[0] == 10 || (parts[0] == 192 && parts[1] == 168)
        || (parts[0] == 172 && parts[1] & 0xF0 == 16) || (parts[0] == 169 && parts[1] == 254)
    }
  }
}
