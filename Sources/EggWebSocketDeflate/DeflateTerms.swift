/// How the messages of one connection are compressed: what client and server have agreed upon.
///
///     let terms = DeflateTerms.agree(on: handshake.extensions, DeflateWishes())
///
/// - Source: RFC 7692 §5 and §7.1.
public struct DeflateTerms: Hashable, Sendable {
  /// The server forgets what it sent when a message ends.
  public internal(set) var serverForgets = false
  public internal(set) var clientForgets = false
  /// Of what the server sends, as a power of two.
  public internal(set) var serverWindow = 15
  /// Of what the client sends.
  public internal(set) var clientWindow = 15
  /// The client asks that this be said, or can be told to use a smaller window.
  private var saysServerWindow = false
  private var clientTakesWindow = false

  init() {}

  /// The first offer of the client that can be met.
  ///
  /// - Parameter extensions: the value of `Sec-WebSocket-Extensions`, of all such fields.
  /// - Returns: nil: messages stay as they are, and the answer has no such field.
  public static func agree(on extensions: String, _ wishes: DeflateWishes) -> DeflateTerms? {
    for offer in split(extensions, ",") {
      if var terms = DeflateTerms(offer: offer) {
        terms.apply(wishes)
        return terms
      }
    }
    return nil
  }

  /// - Returns: nil for another extension, and for parameters that are unknown, twice there, or
  ///   cannot be met.
  private init?(offer: Substring) {
    var parts = Self.split(offer, ";")[...]
    guard parts.popFirst()?.lowercased() == "permessage-deflate" else { return nil }
    var seen: Set<String> = []
    for part in parts {
      let pair = part.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      let name = Self.trimmed(pair[0]).lowercased()
      guard seen.insert(name).inserted else { return nil }
      let value = pair.count > 1 ? Self.unquoted(Self.trimmed(pair[1])) : nil
      switch (name, value) {
      case ("server_no_context_takeover", nil): serverForgets = true
      case ("client_no_context_takeover", nil): clientForgets = true
      case ("client_max_window_bits", nil): clientTakesWindow = true
      case ("client_max_window_bits", let bits?):
        guard let bits = Self.window(bits) else { return nil }
        clientTakesWindow = true
        clientWindow = bits
      case ("server_max_window_bits", let bits?):
        // zlib cannot write for a window of 256 bytes.
        guard let bits = Self.window(bits), bits > 8 else { return nil }
        saysServerWindow = true
        serverWindow = bits
      default: return nil
      }
    }
  }

  private mutating func apply(_ wishes: DeflateWishes) {
    if wishes.serverForgets { serverForgets = true }
    if wishes.clientForgets { clientForgets = true }
    if wishes.serverWindow < serverWindow {
      serverWindow = wishes.serverWindow
      saysServerWindow = true
    }
    if clientTakesWindow { clientWindow = min(clientWindow, wishes.clientWindow) }
  }

  /// The value of `Sec-WebSocket-Extensions` in the answer.
  public var answer: String {
    var text = "permessage-deflate"
    if serverForgets { text += "; server_no_context_takeover" }
    if clientForgets { text += "; client_no_context_takeover" }
    if saysServerWindow { text += "; server_max_window_bits=\(serverWindow)" }
    if clientTakesWindow, clientWindow < 15 { text += "; client_max_window_bits=\(clientWindow)" }
    return text
  }

  // MARK: texts

  /// 8 to 15, without a zero in front.
  private static func window(_ text: Substring) -> Int? {
    guard (1...2).contains(text.utf8.count), text.utf8.allSatisfy({ $0 &- 0x30 < 10 }),
      !text.hasPrefix("0"), let bits = Int(text), (8...15).contains(bits)
    else { return nil }
    return bits
  }

  private static func split(_ text: some StringProtocol, _ mark: Character) -> [Substring] {
    text.split(separator: mark).map { trimmed(Substring($0)) }.filter { !$0.isEmpty }
  }

  private static func trimmed(_ text: Substring) -> Substring {
    var text = text
    while text.first == " " || text.first == "\t" { text.removeFirst() }
    while text.last == " " || text.last == "\t" { text.removeLast() }
    return text
  }

  private static func unquoted(_ text: Substring) -> Substring {
    text.count >= 2 && text.first == "\"" && text.last == "\"" ? text.dropFirst().dropLast() : text
  }
}

/// What a server wants of compression, beside what clients ask for.
public struct DeflateWishes: Hashable, Sendable {
  /// Each message by itself: less memory for a connection, and more bytes on the wire.
  public var serverForgets = false
  public var clientForgets = false
  /// 9 to 15; a smaller window takes less memory.
  public var serverWindow = 15
  /// 8 to 15, for clients that can be told.
  public var clientWindow = 15

  public init() {}
}
