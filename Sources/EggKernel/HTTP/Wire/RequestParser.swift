/// What `RequestParser.parse` found.
package enum ParseOutcome: Equatable, Sendable {
  /// The head is complete and `headLength` bytes long; the body or the next request follows.
  case complete(headLength: Int)
  /// More bytes are needed.
  case needMore
  /// The request is not acceptable: answer with the refusal's status and close.
  case refused(RequestRefusal)
}

/// Parses HTTP/1.x request heads in place.
///
///     var parser = RequestParser()
///     let fields = HeaderTable()
///     switch parser.parse(buffer.readPointer, count: buffer.count, into: fields) {
///     case .complete(let length): …parser.head, fields…; buffer.consume(length)
///     case .needMore: …read more, call again with everything read so far…
///     case .refused(let refusal): …answer refusal.status, close…
///     }
///
/// Allocates nothing. The common case, a head that arrives in one read, is one pass. When a head
/// arrives in pieces, later calls only look for its end from where the last call stopped, and parse
/// again when they find it or when the bytes have doubled, so the work stays proportional to the size.
/// The refusal of a head in pieces may therefore come as late as its end.
///
/// Stricter than RFC 9112 allows where leniency has been used to smuggle requests: a bare LF, a bare
/// CR, folded lines, repeated or listed `Content-Length` and any pair of framing headers are refused.
///
/// - Source: RFC 9112 §2–§6, RFC 9110 §5, §7, §10.1.1.
package struct RequestParser: Sendable {
  package var limits: RequestLimits
  /// The facts of the last complete head.
  package private(set) var head = RequestHead()
  /// Where in the buffer the last refusal was found.
  package private(set) var refusalOffset = 0

  /// Bytes that were there at the last call, and at the last call that parsed.
  private var searched = 0
  private var parsed = 0
  /// Bytes at which an unfinished head is over a limit, as far as the last parse could tell.
  private var growthLimit = 0

  package init(limits: RequestLimits = RequestLimits()) {
    self.limits = limits
  }

  /// Forgets a head that has been begun; for a connection that is used again for something else.
  package mutating func reset() {
    searched = 0
    parsed = 0
  }

  /// Parses the head at `bytes`, which holds everything read since the end of the previous request.
  ///
  /// - Parameters:
  ///   - bytes: may be at another address than last time, with the same bytes and more.
  ///   - count: not less than at the last call that answered `.needMore`.
  ///   - fields: overwritten; valid after `.complete`.
  package mutating func parse(
    _ bytes: UnsafePointer<UInt8>, count: Int, into fields: HeaderTable
  ) -> ParseOutcome {
    if searched != 0 && !worthParsing(bytes, count: count) {
      searched = count
      return .needMore
    }
    var scanner = HeadScanner(bytes: bytes, count: count, limits: limits, fields: fields)
    do throws(HeadScanner.Stop) {
      try scanner.scan()
    } catch {
      switch error {
      case .incomplete:
        let growth = scanner.growth
        if count > growth.limit { return refuse(growth.refusal, at: count) }
        searched = count
        parsed = count
        growthLimit = growth.limit
        return .needMore
      case .refused(let refusal):
        return refuse(refusal, at: scanner.at)
      }
    }
    head = scanner.head
    fields.parsed(scanner.head.headerCount)
    reset()
    return .complete(headLength: scanner.at)
  }

  /// The same for a raw buffer.
  package mutating func parse(
    _ bytes: UnsafeRawBufferPointer, into fields: HeaderTable
  ) -> ParseOutcome {
    guard let start = bytes.bindMemory(to: UInt8.self).baseAddress else { return .needMore }
    return parse(start, count: bytes.count, into: fields)
  }

  private mutating func refuse(_ refusal: RequestRefusal, at offset: Int) -> ParseOutcome {
    refusalOffset = offset
    reset()
    return .refused(refusal)
  }

  /// Whether the bytes that are new since the last call end a head, or are so many that an earlier
  /// refusal may be due. A head ends in LF CR LF; LF LF is looked for because it must be refused.
  private func worthParsing(_ bytes: UnsafePointer<UInt8>, count: Int) -> Bool {
    if count >= parsed &* 2 || count > growthLimit { return true }
    var at = max(searched, 1)
    while at < count {
      if bytes[at] == 0x0A {
        if bytes[at &- 1] == 0x0A { return true }
        if at >= 2, bytes[at &- 1] == 0x0D, bytes[at &- 2] == 0x0A { return true }
      }
      at &+= 1
    }
    return false
  }
}
