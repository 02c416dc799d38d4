import Egg

struct Packet: Codable {
  var action: String
}

extension Helper {
  func parseMsg(_ action: String, _ payload: Value = [:], metadata: Value = [:]) -> Value {
    ["meta": metadata, "data": ["payload": payload]]
  }

  func packet(_ action: String) -> Packet? { Packet(action: action) }
}
