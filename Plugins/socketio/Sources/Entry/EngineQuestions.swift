import CEggSocketIO
import Egg
import EngineIO
import SocketIO

/// What units say of requests of the engine: who is welcome, by which id, with which fields of the
/// answer.
final class EngineQuestions {
  /// Those of `egg_io_wants` that are not about a namespace.
  static let wants =
    EGG_IO_WANTS_ALLOW | EGG_IO_WANTS_IDS | EGG_IO_WANTS_HEADERS | EGG_IO_WANTS_REFUSED

  private unowned let hub: Hub
  private var asked: [(listener: UInt32, wants: Int)] = []

  init(_ hub: Hub) { self.hub = hub }

  func add(_ listener: UInt32, _ wants: Int) {
    asked.removeAll { $0.listener == listener }
    asked.append((listener, wants))
    attach()
  }

  /// Nothing is asked of an engine that nobody wants to say something about.
  func attach() {
    guard let engine = hub.endpoint?.server else { return }
    let all = asked.reduce(0) { $0 | $1.wants }
    if all & (EGG_IO_WANTS_ALLOW | EGG_IO_WANTS_IDS) != 0 {
      engine.admission = { [unowned self] in await admission($0) }
    }
    if all & EGG_IO_WANTS_HEADERS != 0 {
      engine.moreFields = { [unowned self] in await fields($0, isFirst: $1) }
    }
    if all & EGG_IO_WANTS_REFUSED != 0 {
      engine.refused = { [unowned self] request, error, message in
        for listener in listeners(EGG_IO_WANTS_REFUSED) {
          hub.listeners[Int(listener)].request(
            EGG_IO_REFUSED, message, Self.facts(request), ack: error.rawValue)
        }
      }
    }
  }

  private func listeners(_ want: Int) -> [UInt32] {
    asked.filter { $0.wants & want != 0 }.map(\.listener)
  }

  private func admission(_ request: EngineRequest) async -> EngineAdmission {
    let facts = Self.facts(request)
    for listener in listeners(EGG_IO_WANTS_ALLOW) {
      if case .refused(let message, _) = await hub.ask(listener, EGG_IO_ALLOW, facts) {
        return .refused(message: message)
      }
    }
    guard let listener = listeners(EGG_IO_WANTS_IDS).first else { return .admitted(id: nil) }
    switch await hub.ask(listener, EGG_IO_GENERATE_ID, facts) {
    case .refused(let message, _):
      hub.app.coreLogger.error(EggError("app.io.generateId: \(message)"))
      return .failed
    case .admitted(nil): return .admitted(id: nil)
    case .admitted(let data?):
      let id = (try? Value(json: data))?.string ?? ""
      guard EngineAdmission.isID(id) else {
        hub.app.coreLogger.error(
          EggError(
            code: "EGG_SOCKETIO_ID",
            "app.io.generateId: expected 1 to 128 letters, digits or any of -_.:~@, found \"\(id)\""
          ))
        return .failed
      }
      return .admitted(id: id)
    }
  }

  private func fields(
    _ request: EngineRequest, isFirst: Bool
  ) async -> [(name: String, value: String)] {
    let facts = Self.facts(request)
    var fields: [(name: String, value: String)] = []
    for kind in isFirst ? ["initial_headers", "headers"] : ["headers"] {
      for listener in listeners(EGG_IO_WANTS_HEADERS) {
        guard
          case .admitted(let data?) = await hub.ask(listener, EGG_IO_HEADERS, facts, name: kind)
        else { continue }
        for (name, value) in (try? Value(json: data))?.object ?? ValueMap() {
          if let text = value.string { fields.append((name, text)) }
        }
      }
    }
    return fields
  }

  /// A list of one object.
  private static func facts(_ request: EngineRequest) -> EventArguments {
    var json = Array("[{\"method\":".utf8) + jsonText(request.method)
    json += Array(",\"url\":".utf8) + jsonText(request.url)
    json += Array(",\"query\":".utf8) + Socket.object(request.query)
    json += Array(",\"headers\":".utf8)
    json += request.headers.isEmpty ? Array("{}".utf8) : request.headers
    json += Array(",\"address\":".utf8) + jsonText(request.address)
    json += Array(",\"secure\":\(request.isSecure)}]".utf8)
    return EventArguments(json: json)
  }
}
