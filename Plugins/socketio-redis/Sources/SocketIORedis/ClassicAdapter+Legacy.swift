import Egg

/// What servers with `socket.io-redis` 5 ask on the same channels.
///
/// They count all who listen and wait for each, so all answer, also who knows nothing; only
/// questions about one client are answered by who has it.
extension ClassicAdapter {
  func answer(_ request: LegacyRequest) {
    guard let host, let kind = request.kind else { return }
    let id = request.members["sid"]?.string ?? ""
    switch kind {
    case .clients:
      let rooms = AdapterTarget.names(request.members["rooms"] ?? .null)
      let ids = host.sockets(AdapterTarget(rooms: rooms)).map(\.id)
      respond(request, [("clients", .list(ids))])
    case .allRooms: respond(request, [("rooms", .list(host.allRooms().map { .text($0) }))])
    // No application has a hook for these here.
    case .customRequest: respond(request, [("data", .null)])
    case .clientRooms:
      if let client = client(id, of: host) { respond(request, [("rooms", client.rooms)]) }
    case .remoteJoin, .remoteLeave:
      guard client(id, of: host) != nil, let room = request.members["room"]?.string else { return }
      let whom = AdapterTarget(rooms: [id])
      if kind == .remoteJoin { host.join(whom, [room]) } else { host.leave(whom, [room]) }
      respond(request, [])
    case .remoteDisconnect:
      guard client(id, of: host) != nil else { return }
      host.disconnect(
        AdapterTarget(rooms: [id]), close: request.members["close"]?.isTruthy == true)
      respond(request, [])
    }
  }

  private func client(_ id: String, of host: any AdapterHost) -> Value? {
    host.sockets(AdapterTarget(rooms: [id])).first { $0.id.string == id }
  }

  private func respond(_ request: LegacyRequest, _ members: [(String, Value)]) {
    publish(responseChannel, LegacyRequest(request.requestId, nil, members).bytes)
  }
}
