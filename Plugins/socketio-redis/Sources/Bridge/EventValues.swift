import Egg
import SocketIO

/// Between an event of a client (JSON with bytes behind it) and one value with the bytes in place.
enum EventValues {
  static func list(_ arguments: EventArguments) -> Value {
    guard let value = try? Value(json: arguments.json) else { return .list([]) }
    return arguments.attachments.isEmpty ? value : filled(value, arguments.attachments)
  }

  static func arguments(_ value: Value) -> EventArguments {
    var attachments: [[UInt8]] = []
    let list = value.array == nil ? Value.list([value]) : value
    let json = lifted(list, &attachments).jsonBytes
    return EventArguments(json: json, attachments: attachments)
  }

  private static func filled(_ value: Value, _ attachments: [[UInt8]]) -> Value {
    switch value {
    case .list(let list): return .list(list.map { filled($0, attachments) })
    case .map(let map):
      if map["_placeholder"]?.bool == true, let place = map["num"]?.int,
        attachments.indices.contains(place)
      {
        return .data(attachments[place])
      }
      return .map(ValueMap(map.map { ($0.key, filled($0.value, attachments)) }))
    default: return value
    }
  }

  private static func lifted(_ value: Value, _ attachments: inout [[UInt8]]) -> Value {
    switch value {
    case .data(let bytes):
      attachments.append(bytes)
      return ["_placeholder": true, "num": attachments.count - 1]
    case .list(let list): return .list(list.map { lifted($0, &attachments) })
    case .map(let map):
      var result = ValueMap()
      for (key, item) in map { result[key] = lifted(item, &attachments) }
      return .map(result)
    default: return value
    }
  }
}
