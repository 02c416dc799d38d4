public import EggWebSocket
internal import EggWebSocketDeflate

/// What is told of sessions.
public protocol EngineDelegate: AnyObject {
  func opened(_ session: Session)
  /// A message of text of a session without an owner, UTF-8; the bytes are gone when this returns.
  func received(_ session: Session, text: UnsafeRawBufferPointer)
  func received(_ session: Session, binary: [UInt8])
  /// Once for every session that was opened.
  func closed(_ session: Session, _ reason: EndReason)
}

extension EngineDelegate {
  public func received(_ session: Session, text: UnsafeRawBufferPointer) {}
  public func received(_ session: Session, binary: [UInt8]) {}
}

/// Gets the messages of its session, without a detour through the server's delegate.
public protocol SessionOwner: AnyObject {
  /// UTF-8; the bytes are gone when this returns.
  func received(text: UnsafeRawBufferPointer)
  func received(binary: [UInt8])
  /// The session has changed from polling to WebSocket.
  func upgraded()
}

extension SessionOwner {
  public func upgraded() {}
}

/// The sessions of one path, and what requests there are answered.
///
/// - Source: Engine.IO protocol 4 and 3; where they are silent, the reference server.
public final class EngineServer {
  public let options: EngineOptions
  public let clock: AlarmClock
  /// Kept as long as the server.
  public var delegate: (any EngineDelegate)?
  /// What the application says of a request that begins a session; nil: everybody is welcome.
  public var admission: ((EngineRequest) async -> EngineAdmission)?
  /// More fields of answers, of the first one of a session or of any.
  public var moreFields:
    ((EngineRequest, _ isFirst: Bool) async -> [(name: String, value: String)])?
  /// Told of every request that is refused.
  public var refused: ((EngineRequest, EngineError, _ message: String) -> Void)?
  /// Milliseconds since 1970.
  public var wallClock: () -> Int = { 0 }
  private var sessions: [String: Session] = [:]
  /// Those that the application has made, of clients that come or have not gone.
  private var givenIDs: Set<String> = []
  private var isClosed = false
  private(set) lazy var compressor = Compressor(options.perMessageDeflate ?? DeflateOptions())

  public init(_ options: EngineOptions, clock: AlarmClock) {
    self.options = options
    self.clock = clock
  }

  public var sessionCount: Int { sessions.count }

  // MARK: requests

  private enum Verdict {
    case new
    case known(Session)
    case refused(EngineError, String?)

    var isRefusal: Bool { if case .refused = self { true } else { false } }
  }

  private func verify(_ request: EngineRequest, isUpgrade: Bool) -> Verdict {
    let transport = request["transport"]
    guard
      transport == "polling" && options.allowsPolling
        || transport == "websocket" && options.allowsWebSocket
    else { return .refused(.transportUnknown, nil) }
    guard request.originIsLegal else { return .refused(.badRequest, nil) }
    if let sid = request.sid {
      guard let session = sessions[sid] else { return .refused(.sessionUnknown, nil) }
      if !isUpgrade, session.transportName != transport { return .refused(.badRequest, nil) }
      return .known(session)
    }
    guard request.method == "GET" else { return .refused(.badMethod, nil) }
    if transport == "websocket", !isUpgrade { return .refused(.badRequest, nil) }
    if let origins = options.origins, !request.origin.isEmpty,
      !origins.contains(where: { $0 == "*" || $0.lowercased() == request.origin.lowercased() })
    {
      return .refused(.forbidden, nil)
    }
    if request.revision == .v3, !options.allowEIO3 { return .refused(.unsupportedVersion, nil) }
    if isClosed || sessions.count >= options.maxSessions { return .refused(.forbidden, nil) }
    return .new
  }

  /// The same, and asks the application about a new session.
  ///
  /// - Returns: with the id that it wants the client to have.
  private func admit(_ request: EngineRequest, isUpgrade: Bool) async -> (Verdict, id: String?) {
    let verdict = verify(request, isUpgrade: isUpgrade)
    guard let admission, case .new = verdict else { return (verdict, nil) }
    let decision = await admission(request)
    switch decision {
    case .refused(let message): return (.refused(.forbidden, message), nil)
    case .failed: return (.refused(.badRequest, nil), nil)
    case .admitted(let id):
      if let id {
        guard EngineAdmission.isID(id), sessions[id] == nil, givenIDs.insert(id).inserted else {
          return (.refused(.badRequest, nil), nil)
        }
      }
      // While it was asked the server may have closed, or become full.
      let verdict = verify(request, isUpgrade: isUpgrade)
      if case .new = verdict { return (verdict, id) }
      free(id)
      return (verdict, nil)
    }
  }

  /// The client that was to be known by this has not come, or has gone.
  func free(_ id: String?) {
    if let id { givenIDs.remove(id) }
  }

  /// Answers a request that asks for no upgrade.
  ///
  /// - Parameter body: reads the body, at most so many bytes.
  /// - Returns: nil when the client has gone away.
  public func answer(
    _ request: EngineRequest, body: (Int) async throws(BodyFailure) -> [UInt8]
  ) async -> EngineAnswer? {
    var cross: [(name: String, value: String)] = []
    if let cors = options.cors, request.originIsLegal {
      cross = cors.fields(origin: request.origin)
      if request.method == "OPTIONS" {
        var answer = EngineAnswer()
        answer.status = 204
        answer.fields = cross + cors.preflightFields(requested: request.requestedHeaders)
        return answer
      }
    }
    guard var answer = await answerSameOrigin(request, body) else { return nil }
    answer.fields += cross
    if let moreFields, answer.status == 200 {
      answer.fields += await moreFields(request, request.sid == nil)
    }
    if let least = options.httpCompression, answer.isCompressible, answer.body.count >= least,
      let coding = AnswerCompression.coding(request.acceptedCodings),
      let body = AnswerCompression.compress(answer.body, coding)
    {
      answer.body = body
      answer.fields.append(("Content-Encoding", coding))
    }
    if request.userAgent.contains(";MSIE") || request.userAgent.contains("Trident/") {
      answer.fields.append(("X-XSS-Protection", "0"))
    }
    return answer
  }

  private func answerSameOrigin(
    _ request: EngineRequest, _ body: (Int) async throws(BodyFailure) -> [UInt8]
  ) async -> EngineAnswer? {
    let (verdict, id) = await admit(request, isUpgrade: false)
    switch verdict {
    case .refused(let error, let text):
      refused?(request, error, text ?? error.message)
      return error.answer(text)
    case .new: return handshake(request, id)
    case .known(let session):
      switch request.method {
      case "GET": return await session.answerPoll()
      case "POST" where session.isOpen: return await session.take(request, body)
      case "POST": return EngineError.sessionUnknown.answer()
      default: return EngineError.badRequest.answer()
      }
    }
  }

  private func handshake(_ request: EngineRequest, _ id: String?) -> EngineAnswer {
    let session = Session(self, request, peer: nil, givenID: id)
    var answer = session.pollAnswer([Outgoing(.open, session.openBody)])
    if let cookie = options.cookie {
      answer.fields.append(("Set-Cookie", "\(cookie.name)=\(session.id); \(cookie.attributes)"))
    }
    begin(session)
    return answer
  }

  func begin(_ session: Session) {
    sessions[session.id] = session
    if session.peer != nil { session.send(Outgoing(.open, session.openBody)) }
    session.begin()
    delegate?.opened(session)
  }

  // MARK: upgrades

  public enum Upgrade {
    /// Status 101 with these fields, then the connection belongs to the peer.
    case accepted(WebSocketPeer, fields: [Handshake.Field])
    /// This status with the text as it is, and the connection ends.
    case refused(status: Int, message: String, fields: [Handshake.Field])
  }

  /// Answers a request that asks for a WebSocket.
  public func upgrade(_ request: EngineRequest, _ handshake: Handshake) async -> Upgrade {
    let role: WebSocketPeer.Role
    var candidateOf: Session?
    var (verdict, id) = await admit(request, isUpgrade: true)
    var more: [(name: String, value: String)] = []
    if let moreFields, !verdict.isRefusal {
      more = await moreFields(request, request.sid == nil)
      verdict = verify(request, isUpgrade: true)
    }
    switch verdict {
    case .refused(let error, let text):
      free(id)
      refused?(request, error, text ?? error.message)
      return .refused(status: 400, message: text ?? error.message, fields: [])
    case .new:
      if request["transport"] == "websocket" {
        role = .fresh(request, id: id)
      } else {
        role = .doomed
        free(id)
      }
    case .known(let session):
      if request["transport"] == "websocket", session.isOpen, session.peer == nil,
        !session.isUpgrading, options.allowUpgrades
      {
        role = .candidate(session)
        candidateOf = session
      } else {
        role = .doomed
      }
    }
    switch handshake.answer(origins: ["*"], choose: { $0.first }) {
    case .refused(_, let message, let fields):
      free(id)
      return .refused(status: 400, message: message, fields: fields)
    case .agreed(let fields):
      var fields = fields + more.map { Handshake.Field($0.name, $0.value) }
      var compression: Compression?
      if let wishes = options.perMessageDeflate?.wishes,
        let terms = DeflateTerms.agree(on: handshake.extensions, wishes)
      {
        fields.append(Handshake.Field("Sec-WebSocket-Extensions", terms.answer))
        compression = Compression(terms, compressor)
      }
      let peer = WebSocketPeer(self, role, compression)
      candidateOf?.offer(peer)
      return .accepted(peer, fields: fields)
    }
  }

  // MARK: the end

  func ended(_ session: Session, _ reason: EndReason) {
    delegate?.closed(session, reason)
    free(session.handshake.givenID)
    session.owner = nil
  }

  func forget(_ session: Session) { sessions[session.id] = nil }

  /// Ends every session; new ones are refused.
  public func close() {
    isClosed = true
    for session in sessions.values { session.close(.shuttingDown) }
  }
}
