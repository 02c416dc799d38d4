/// Handlers by event, found by the bytes of its name: there are few, so looking at each length costs less
/// than a hash.
struct HandlerTable<Handler> {
  private var entries: [(name: [UInt8], handlers: [Handler])] = []

  subscript(event: String) -> [Handler] {
    var event = event
    return event.withUTF8 { self[UnsafeRawBufferPointer($0)] }
  }

  /// Empty: nobody listens.
  subscript(name: UnsafeRawBufferPointer) -> [Handler] {
    for entry in entries where entry.name.count == name.count {
      if entry.name.withUnsafeBytes({ $0.elementsEqual(name) }) { return entry.handlers }
    }
    return []
  }

  mutating func add(_ event: String, _ handler: Handler) {
    let name = Array(event.utf8)
    if let place = entries.firstIndex(where: { $0.name == name }) {
      entries[place].handlers.append(handler)
    } else {
      entries.append((name, [handler]))
    }
  }

  /// Takes one handler away.
  mutating func remove(_ event: String, where isMeant: (Handler) -> Bool) {
    let name = Array(event.utf8)
    guard let place = entries.firstIndex(where: { $0.name == name }) else { return }
    entries[place].handlers.removeAll(where: isMeant)
    if entries[place].handlers.isEmpty { entries.remove(at: place) }
  }

  mutating func remove(_ event: String) {
    let name = Array(event.utf8)
    entries.removeAll { $0.name == name }
  }
}
