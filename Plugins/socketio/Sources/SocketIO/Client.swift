public import EngineIO

/// One connection with its sockets, at most one for each namespace.
public final class Client: Alarm, SessionOwner {
  public let session: Session
  unowned let server: SocketServer
  /// The socket in "/", which most clients have and nothing else.
  private var root: Socket?
  private var others: [String: Socket] = [:]
  /// A packet whose attachments have not all come.
  private var partial: Partial?
  /// What an old client asked for before "/" was decided.
  private var early: [(name: String, query: String)] = []
  private var wasConnected = false

  private struct Partial {
    var head: PacketHead
    var text: [UInt8]
    var attachments: [[UInt8]] = []
    var size = 0
  }

  init(_ session: Session, _ server: SocketServer) {
    self.session = session
    self.server = server
    super.init()
  }

  public var sockets: [Socket] { (root.map { [$0] } ?? []) + others.values }

  func socket(in name: String) -> Socket? { name == "/" ? root : others[name] }

  func insert(_ socket: Socket) {
    if socket.namespace.name == "/" {
      root = socket
    } else {
      others[socket.namespace.name] = socket
    }
  }

  func forget(_ socket: Socket) {
    if root === socket {
      root = nil
    } else if others[socket.namespace.name] === socket {
      others[socket.namespace.name] = nil
    }
  }

  func connected(_ socket: Socket) {
    if !wasConnected {
      wasConnected = true
      server.clock.cancel(self)
    }
    guard session.revision == .v3, socket.namespace.name == "/", !early.isEmpty else { return }
    let early = early
    self.early = []
    // Behind the CONNECT of "/", which is sent when this returns.
    Task { for (name, query) in early where self.session.isOpen { self.join(name, query) } }
  }

  /// Nobody has joined a namespace in time.
  public override func ring() { session.close(.forcedClose) }

  // MARK: what comes

  public func received(text: UnsafeRawBufferPointer) {
    guard partial == nil,
      let head = PacketHead.read(text, maxAttachments: server.limits.maxAttachments)
    else { return fail() }
    if head.attachments > 0 {
      partial = Partial(head: head, text: Array(text))
    } else {
      take(head, text, [])
    }
  }

  public func received(binary: [UInt8]) {
    guard var partial else { return fail() }
    self.partial = nil
    partial.size += binary.count
    guard partial.size <= server.limits.maxEventSize else { return fail() }
    partial.attachments.append(binary)
    if partial.attachments.count < partial.head.attachments {
      self.partial = partial
    } else {
      partial.text.withUnsafeBytes { take(partial.head, $0, partial.attachments) }
    }
  }

  private func take(
    _ head: PacketHead, _ text: UnsafeRawBufferPointer, _ attachments: [[UInt8]]
  ) {
    if head.type == .connect { return connect(head, text) }
    let socket: Socket?
    if head.namespace.isEmpty {
      socket = root
    } else {
      socket = self.socket(in: String(decoding: text[head.namespace], as: UTF8.self))
    }
    guard let socket, socket.isConnected else {
      // Old servers pass over what is for a namespace that the client is not in.
      if session.revision == .v4, socket == nil { fail() }
      return
    }
    switch head.type {
    case .disconnect: socket.end("client namespace disconnect")
    case .event, .binaryEvent: event(socket, head, text, attachments)
    case .ack, .binaryAck:
      guard head.ack >= 0 else { return }
      let json = head.json.isEmpty ? Array("[]".utf8) : Array(text[head.json])
      socket.answered(head.ack, EventArguments(json: json, attachments: attachments))
    case .connect, .error: fail()
    }
  }

  private func event(
    _ socket: Socket, _ head: PacketHead, _ text: UnsafeRawBufferPointer,
    _ attachments: [[UInt8]]
  ) {
    guard !head.json.isEmpty else { return }
    let json = UnsafeRawBufferPointer(rebasing: text[head.json])
    EventName.with(text, head) { name in
      guard !head.nameIsText || !EventName.isReserved(name) else { return fail() }
      server.handler?.received(
        socket, Event(name: name, json: json, attachments: attachments, ack: head.ack))
    }
  }

  public func upgraded() {
    for socket in sockets { for told in socket.upgraded { told() } }
  }

  /// What the client sent cannot be understood, so nothing that follows can.
  private func fail() {
    for socket in sockets where socket.isConnected {
      server.handler?.failed(socket, "invalid payload")
    }
    session.close(.forcedClose)
  }

  // MARK: namespaces

  private func connect(_ head: PacketHead, _ text: UnsafeRawBufferPointer) {
    var name = head.namespace.isEmpty ? "/" : String(decoding: text[head.namespace], as: UTF8.self)
    guard session.revision == .v3 else {
      return join(name, "", auth: Array(text[head.json]))
    }
    var query = ""
    if let mark = name.firstIndex(of: "?") {
      query = String(name[name.index(after: mark)...])
      name = String(name[..<mark])
    }
    // The client confirms what it has already.
    if name == "/" { return }
    if root?.isConnected == true {
      join(name, query)
    } else if early.count < server.limits.maxNamespaces {
      early.append((name, query))
    }
  }

  func join(_ name: String, _ query: String = "", auth: [UInt8] = []) {
    guard socket(in: name) == nil else { return fail() }
    guard others.count < server.limits.maxNamespaces, let namespace = server.find(name, auth: auth)
    else {
      let message =
        session.revision == .v4 ? "{\"message\":\"Invalid namespace\"}" : "\"Invalid namespace\""
      OutPacket(.error, name, EventArguments(message)).send(to: session)
      return
    }
    let lost = session.revision == .v4 ? namespace.recovery?.find(auth) : nil
    let id: String
    switch session.revision {
    case .v4: id = lost?.id ?? session.handshake.givenID ?? SessionID.make()
    case .v3: id = name == "/" ? session.id : "\(name)#\(session.id)"
    }
    // Somebody else came by the id of one that was away.
    guard namespace.socket(id) == nil else { return fail() }
    let socket = Socket(
      id, number: server.nextNumber(), namespace, self, auth: auth, query: query,
      lost: lost)
    insert(socket)
    namespace.begin(socket)
    if let handler = server.handler { handler.admit(socket) } else { socket.accept() }
  }

  // MARK: the end

  /// Says goodbye in every namespace, and ends the connection.
  func disconnect() {
    for socket in sockets {
      socket.send(OutPacket(.disconnect, socket.namespace.name))
      socket.end("server namespace disconnect")
    }
    session.close(.forcedServerClose)
  }

  func closed(_ reason: String) {
    server.clock.cancel(self)
    partial = nil
    for socket in sockets { socket.end(reason) }
  }
}
