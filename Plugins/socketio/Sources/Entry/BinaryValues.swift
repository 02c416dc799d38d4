import Egg
import SocketIO

/// Between lists of values and JSON text with attachments.
enum BinaryValues {
  static func arguments(_ values: [Value]) -> EventArguments {
    var attachments: [[UInt8]] = []
    let list = Value.list(values.map { lift($0, &attachments) })
    return EventArguments(json: list.jsonBytes, attachments: attachments)
  }

  /// Bytes out, placeholders in; depth first, in the order of the document.
  private static func lift(_ value: Value, _ attachments: inout [[UInt8]]) -> Value {
    switch value {
    case .data(let bytes):
      attachments.append(bytes)
      return ["_placeholder": true, "num": attachments.count - 1]
    case .list(let items): return .list(items.map { lift($0, &attachments) })
    case .map(let map):
      var lifted = ValueMap()
      for (name, member) in map { lifted[name] = lift(member, &attachments) }
      return .map(lifted)
    default: return value
    }
  }

  /// - Throws: `JSONError`; what came from a client has been checked already.
  static func values(_ json: [UInt8], _ attachments: [[UInt8]]) throws -> [Value] {
    let list = try Value(json: json)
    let values = list.array ?? []
    return attachments.isEmpty ? values : values.map { lower($0, attachments) }
  }

  private static func lower(_ value: Value, _ attachments: [[UInt8]]) -> Value {
    switch value {
    case .list(let items): return .list(items.map { lower($0, attachments) })
    case .map(let map):
      if map["_placeholder"]?.bool == true, let place = map["num"]?.int,
        attachments.indices.contains(place)
      {
        return .data(attachments[place])
      }
      var lowered = ValueMap()
      for (name, member) in map { lowered[name] = lower(member, attachments) }
      return .map(lowered)
    default: return value
    }
  }
}
