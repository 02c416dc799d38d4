/// The request that asks for a WebSocket, and what to answer.
///
/// - Source: RFC 6455 §4.2.
public struct Handshake: Sendable {
  /// The fields of the request; nil or empty for one that is absent.
  public var method = "GET"
  /// 10 or 11.
  public var httpVersion = 11
  public var host = ""
  public var upgrade = ""
  public var connection = ""
  public var version = ""
  public var key = ""
  public var origin = ""
  /// `Sec-WebSocket-Protocol`
  public var protocols = ""
  /// `Sec-WebSocket-Extensions`
  public var extensions = ""

  public init() {}

  public enum Answer: Hashable, Sendable {
    /// Status 101 with these fields.
    case agreed(fields: [Field])
    case refused(status: Int, message: String, fields: [Field])
  }

  public struct Field: Hashable, Sendable {
    public let name: String
    public let value: String

    public init(_ name: String, _ value: String) {
      self.name = name
      self.value = value
    }
  }

  /// - Parameters:
  ///   - origins: whose pages may connect: `https://example.com`, or "*" for all; nil: only pages
  ///     of this host. A client that is no browser sends no `Origin` and is let in.
  ///   - choose: picks one of the subprotocols that the client offers, in its order; nil is none.
  public func answer(
    origins: [String]? = nil, choose: ([String]) -> String? = { _ in nil }
  ) -> Answer {
    guard method == "GET", httpVersion >= 11, Self.list(upgrade, has: "websocket"),
      Self.list(connection, has: "upgrade")
    else {
      return .refused(
        status: 426, message: "expected a WebSocket handshake",
        fields: [Field("Upgrade", "websocket"), Field("Sec-WebSocket-Version", "13")])
    }
    guard version == "13" else {
      return .refused(
        status: 426, message: "expected Sec-WebSocket-Version 13",
        fields: [Field("Upgrade", "websocket"), Field("Sec-WebSocket-Version", "13")])
    }
    guard Self.isKey(key) else {
      return .refused(
        status: 400, message: "expected 16 bytes in base64 as Sec-WebSocket-Key", fields: [])
    }
    guard accepts(origins) else {
      return .refused(status: 403, message: "pages of \(origin) may not connect", fields: [])
    }
    var fields = [
      Field("Upgrade", "websocket"), Field("Connection", "Upgrade"),
      Field("Sec-WebSocket-Accept", Self.accept(key)),
    ]
    let offered = Self.elements(protocols)
    if let chosen = choose(offered), offered.contains(chosen) {
      fields.append(Field("Sec-WebSocket-Protocol", chosen))
    }
    return .agreed(fields: fields)
  }

  private func accepts(_ origins: [String]?) -> Bool {
    if origin.isEmpty { return true }
    let origin = origin.lowercased()
    if let origins { return origins.contains { $0 == "*" || $0.lowercased() == origin } }
    let host = host.lowercased()
    return origin == "http://" + host || origin == "https://" + host
  }

  /// `Sec-WebSocket-Accept` for a key.
  ///
  ///     Handshake.accept("dGhlIHNhbXBsZSBub25jZQ==")  // "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
  public static func accept(_ key: String) -> String {
    base64(sha1(Array((key + "258EAFA5-E914-47DA-95CA-C5AB0DC85B11").utf8)))
  }

  static func isKey(_ key: String) -> Bool {
    let bytes = Array(key.utf8)
    guard bytes.count == 24, bytes[22] == UInt8(ascii: "="), bytes[23] == UInt8(ascii: "=") else {
      return false
    }
    return bytes[..<22].allSatisfy { base64Alphabet.contains($0) }
  }

  /// The elements of a comma-separated list.
  static func elements(_ list: String) -> [String] {
    list.split(separator: ",").map { element in
      var element = element
      while element.first == " " || element.first == "\t" { element.removeFirst() }
      while element.last == " " || element.last == "\t" { element.removeLast() }
      return String(element)
    }.filter { !$0.isEmpty }
  }

  private static func list(_ list: String, has token: String) -> Bool {
    elements(list).contains { $0.lowercased() == token }
  }
}
