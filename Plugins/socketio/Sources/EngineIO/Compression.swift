internal import EggWebSocket
internal import EggWebSocketDeflate

/// What connections share that forget their messages, and what makes a packet for many.
final class Compressor {
  let options: DeflateOptions
  private(set) lazy var deflater = Deflater(window: 15, forgets: true, level: options.level)
  private(set) lazy var inflater = Inflater(window: 15, forgets: true)

  init(_ options: DeflateOptions) { self.options = options }
}

/// The compression of one connection.
///
/// - Source: RFC 7692.
final class Compression {
  private let terms: DeflateTerms
  private let common: Compressor
  // Each made with the first message that needs it, as most connections are idle.
  private var deflater: Deflater?
  private var inflater: Inflater?

  init(_ terms: DeflateTerms, _ common: Compressor) {
    self.terms = terms
    self.common = common
  }

  // MARK: what comes

  /// For the parser of this connection's messages.
  var expansion: MessageParser.Expand {
    { message, limit throws(WebSocketFailure) in
      // The parser is fed on the loop's thread, as everything here is.
      let result: Result<[UInt8], WebSocketFailure> = MainActor.assumeIsolated {
        self.expand(message, limit)
      }
      return try result.get()
    }
  }

  private func expand(_ message: [UInt8], _ limit: Int) -> Result<[UInt8], WebSocketFailure> {
    if inflater == nil {
      inflater =
        terms.clientForgets
        ? common.inflater : Inflater(window: terms.clientWindow, forgets: false)
    }
    guard let inflater else {
      return .failure(WebSocketFailure(.internalError, "there is no memory"))
    }
    do throws(WebSocketFailure) {
      return .success(try inflater.inflate(message, limit: limit))
    } catch {
      return .failure(error)
    }
  }

  // MARK: what goes

  /// The packet as it is sent here: compressed when it is worth it.
  ///
  /// One for many is compressed once, by itself; each connection then begins anew, which every
  /// receiver understands.
  func packet(_ packet: Outgoing, _ revision: Revision) -> Outgoing {
    guard packet.size >= common.options.threshold, !packet.isPlain else { return packet }
    if packet.isShared, terms.serverWindow == 15, packet.prefix(revision) != 4 {
      deflater?.forget()
      if let known = packet.compressed { return known }
      guard let made = compressed(packet, revision, common.deflater) else { return packet }
      packet.compressed = made
      return made
    }
    if deflater == nil {
      deflater =
        terms.serverForgets && terms.serverWindow == 15
        ? common.deflater
        : Deflater(
          window: terms.serverWindow, forgets: terms.serverForgets, level: common.options.level)
    }
    return compressed(packet, revision, deflater) ?? packet
  }

  private func compressed(
    _ packet: Outgoing, _ revision: Revision, _ deflater: Deflater?
  ) -> Outgoing? {
    guard let deflater else { return nil }
    let whole = (packet.prefix(revision).map { [$0] } ?? []) + packet.body
    return Outgoing(packet, payload: whole.withUnsafeBytes { deflater.deflate($0) })
  }
}
