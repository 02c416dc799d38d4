import Egg

/// To whom a message of another server applies: `opts`.
nonisolated public struct AdapterTarget: Sendable, Equatable {
  /// None: everybody in the namespace.
  public var rooms: [String] = []
  public var except: [String] = []
  /// `volatile`, `compress`, `timeout` …
  public var flags = ValueMap()

  public init(rooms: [String] = [], except: [String] = [], flags: ValueMap = ValueMap()) {
    self.rooms = rooms
    self.except = except
    self.flags = flags
  }

  /// - Parameter value: missing parts are empty, rooms may be numbers: emitters of old write so.
  public init(_ value: Value) {
    rooms = Self.names(value.rooms)
    except = Self.names(value.except)
    flags = value.flags.object ?? ValueMap()
  }

  static func names(_ value: Value) -> [String] {
    (value.array ?? []).compactMap { item in
      switch item {
      case .text, .integer, .number: item.description
      default: nil
      }
    }
  }

  /// Who writes decides about the order of the members, which is free.
  public enum Style: Sendable {
    /// A server, 6 and later.
    case server
    /// The emitter.
    case emitter
    /// A server, 5: `except` only if there is something in it, and first.
    case legacy
    /// Without flags: of requests.
    case request
  }

  public func value(_ style: Style) -> Value {
    let rooms = ("rooms", Value.list(rooms.map { .text($0) }))
    let except = ("except", Value.list(except.map { .text($0) }))
    let flags = ("flags", Value.map(flags))
    let members =
      switch style {
      case .server: [rooms, except, flags]
      case .emitter: [rooms, flags, except]
      case .legacy: self.except.isEmpty ? [rooms, flags] : [except, rooms, flags]
      case .request: [rooms, except]
      }
    return .map(ValueMap(members))
  }
}
