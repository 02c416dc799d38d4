import Egg

private enum IdentityKey: StorageKey { typealias Value = String }

extension Context {
  /// What ties the logs of several servers together: as the client sent it, when that is harmless, else a
  /// new one.
  var requestId: String {
    if let known = self[IdentityKey.self] { return known }
    let sent = get(app.config.requestId.header.string ?? "X-Request-Id")
    let isHarmless =
      (1...64).contains(sent.utf8.count)
      && sent.utf8.allSatisfy { byte in
        switch byte {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A, UInt8(ascii: "-"), UInt8(ascii: "_"): true
        default: false
        }
      }
    let id = isHarmless ? sent : String(UInt64.random(in: .min ... .max), radix: 36)
    self[IdentityKey.self] = id
    return id
  }
}
