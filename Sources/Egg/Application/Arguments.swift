internal import PluginABI

/// What a method of this unit is called with.
public struct Arguments {
  public let values: [Value]
  /// The method, for messages.
  let name: String

  public init(_ values: [Value], name: String = "") {
    self.values = values
    self.name = name
  }

  init(_ pointer: UnsafePointer<egg_value>?, _ count: UInt32, name: String, host: Host) {
    values = UnsafeBufferPointer(start: pointer, count: pointer == nil ? 0 : Int(count))
      .map { Value($0, host: host) }
    self.name = name
  }

  public var count: Int { values.count }
  /// `.undefined` past the end.
  public subscript(place: Int) -> Value {
    values.indices.contains(place) ? values[place] : .undefined
  }

  /// An argument as the type that is expected there; optionals accept a missing one.
  ///
  /// - Throws: `EggError` naming the method and the argument.
  public func get<T: Decodable>(_ place: Int, as type: T.Type = T.self) throws -> T {
    do {
      return try self[place].decode(type)
    } catch let error as DecodingError {
      throw EggError(
        code: "EGG_ARGUMENT", "\(name): argument \(place + 1): \(error.summary)", cause: nil)
    }
  }
}
