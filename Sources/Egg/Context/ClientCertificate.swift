internal import PluginABI

/// Who a client is, by the certificate that it sent: `config.cluster.https` with `requestCert`.
///
///     guard ctx.request.clientCertificate?.subject.CN == "billing" else { try ctx.throw(403) }
///
/// - Source: Node, `socket.getPeerCertificate()` and `socket.authorized`.
@dynamicMemberLookup
public struct ClientCertificate: Sendable {
  private let facts: Value

  init(_ facts: Value) { self.facts = facts }

  /// One of `ca` has signed it. Always true unless `rejectUnauthorized` is false.
  public var isAuthorized: Bool { facts.authorized.bool ?? false }
  /// By the names of its parts, `CN` and `O`; a part that occurs twice is a list.
  public var subject: Value { facts.subject }
  /// Who has signed it, in the same form.
  public var issuer: Value { facts.issuer }
  /// Hexadecimal, in capitals.
  public var serialNumber: String { facts.serialNumber.string ?? "" }
  /// SHA-256 of the whole certificate: "AB:01:…".
  public var fingerprint256: String { facts.fingerprint256.string ?? "" }
  /// Milliseconds since 1970.
  public var validFrom: Int { facts.validFrom.int ?? 0 }
  public var validTo: Int { facts.validTo.int ?? 0 }
  /// The certificate itself, DER.
  public var raw: [UInt8] { facts.raw.bytes ?? [] }

  public subscript(dynamicMember name: String) -> Value { facts[name] }
}

extension Request {
  /// The certificate of the client; nil when it sent none, and without HTTPS.
  public var clientCertificate: ClientCertificate? {
    let http = ctx.kernel.http
    let offset = MemoryLayout<egg_http>.offset(of: \.peer_certificate) ?? Int.max
    guard Int(http.pointee.size) > offset else { return nil }
    var out = egg_value()
    let status = http.pointee.peer_certificate(ctx.kernel.table, ctx.token, &out)
    return status == Status.ok ? ClientCertificate(Value(out, host: ctx.kernel)) : nil
  }
}
