import Egg
import EggSQL
package import PluginABI

nonisolated extension EggError {
  /// Causes of causes beyond this are left out.
  private static let depth = 8

  /// The error as C has it, in memory that the caller lends. Of its properties those that are neither
  /// lists nor objects.
  package func lent(in memory: LentMemory) -> UnsafePointer<egg_error> {
    lent(in: memory, Self.depth)
  }

  private func lent(in memory: LentMemory, _ depth: Int) -> UnsafePointer<egg_error> {
    var error = egg_error()
    error.size = UInt32(MemoryLayout<egg_error>.size)
    error.http_status = Int32(clamping: status)
    error.flags = expose ? UInt32(EGG_ERROR_EXPOSE) : 0
    error.code = egg_str(memory.copy(code))
    error.message = egg_str(memory.copy(message))
    error.detail = egg_str(memory.copy(detail))
    if !properties.isEmpty {
      let pairs = memory.allocate(egg_pair.self, properties.count)
      for (place, (key, value)) in properties.enumerated() {
        pairs[place] = egg_pair(
          key: egg_str(memory.copy(key)), value: egg_value(memory.copy(SQLValue(value))))
      }
      let map = memory.allocate(egg_value.self, 1)
      map.pointee = egg_value()
      map.pointee.kind = egg_kind(EGG_MAP)
      map.pointee.count = UInt32(clamping: properties.count)
      map.pointee.as.pairs = UnsafePointer(pairs)
      error.properties = UnsafePointer(map)
    }
    if let cause, depth > 0 { error.cause = EggError(cause).lent(in: memory, depth - 1) }
    let place = memory.allocate(egg_error.self, 1)
    place.initialize(to: error)
    return UnsafePointer(place)
  }

  /// A copy of an error that was lent.
  package init(_ error: egg_error) { self.init(error, Self.depth) }

  private init(_ error: egg_error, _ depth: Int) {
    let status = Int(error.http_status)
    self.init(
      status: status == 0 ? 500 : status, code: error.code.text, error.message.text,
      expose: Int(error.flags) & EGG_ERROR_EXPOSE != 0)
    detail = error.detail.text
    if let map = error.properties?.pointee, Int(map.kind) == EGG_MAP {
      for pair in UnsafeBufferPointer(start: map.as.pairs, count: Int(map.count)) {
        properties[pair.key.text] = Value(SQLCell(pair.value))
      }
    }
    if let cause = error.cause, depth > 0 { self.cause = EggError(cause.pointee, depth - 1) }
  }
}

nonisolated extension Value {
  fileprivate init(_ cell: SQLCell) {
    switch SQLValue(cell) {
    case .boolean(let flag): self = .boolean(flag)
    case .integer(let number): self = .integer(Int(number))
    case .number(let number): self = .number(number)
    case .moment(let time): self = .moment(Int(time))
    case .text(let text): self = .text(text)
    case .bytes(let bytes): self = .data(bytes)
    default: self = .null
    }
  }
}

nonisolated extension LentMemory {
  /// A value of a statement or a property. Lists, objects and literals are NULL; whoever may have them
  /// has looked.
  package func copy(_ value: SQLValue) -> SQLCell {
    switch value {
    case .null, .list, .fields, .literal: .null
    case .boolean(let flag): .boolean(flag)
    case .integer(let number): .integer(number)
    case .unsigned(let number): .text(copy(String(number)))
    case .number(let number): .number(number)
    case .text(let text): .text(copy(text))
    case .bytes(let bytes): .bytes(bytes.withUnsafeBytes { copy($0) })
    case .moment(let time): .moment(time)
    }
  }
}
