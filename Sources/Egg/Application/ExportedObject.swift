/// A class of yours whose objects other units, templates and languages may hold.
///
///     final class Clock: ExportedObject {
///       let objectType = "com.example.clock/1"
///       func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
///         switch method {
///         case "now": .moment(Timestamp.now.milliseconds)
///         default: throw noSuchMethod(method)
///         }
///       }
///     }
///
/// They travel as `Value.reference`; make one with `app.value(of: clock)` or `Value.returning`.
@MainActor public protocol ExportedObject: AnyObject {
  /// What it is and its revision: `com.example.mysql.client/1`.
  var objectType: String { get }
  /// A property; `.undefined` when there is none of that name.
  func property(_ name: String) throws -> Value
  /// A method. `ctx` is the caller's, nil when it is called on behalf of the application.
  func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value
  /// A C table that native callers may use directly.
  func interface(_ id: String) -> UnsafeRawPointer?
}

extension ExportedObject {
  public func property(_ name: String) throws -> Value { .undefined }
  public func call(_ method: String, _ args: Arguments, _ ctx: Context?) async throws -> Value {
    throw noSuchMethod(method)
  }
  public func interface(_ id: String) -> UnsafeRawPointer? { nil }

  /// The error for a method that does not exist.
  public func noSuchMethod(_ method: String) -> EggError {
    EggError(code: "EGG_NOT_FOUND", "\(objectType) has no method \"\(method)\"")
  }
}

extension Value {
  /// What a member that other units call gives back: nothing, a value, anything that can be
  /// encoded, or an object of yours.
  ///
  /// - Throws: what `encode(to:)` throws.
  public static func returning(_ value: Void) throws -> Self { .undefined }
  public static func returning(_ value: Self) throws -> Self { value }
  public static func returning(_ value: some Encodable) throws -> Self {
    try Self(encoding: value)
  }
  public static func returning(_ object: any ExportedObject) throws -> Self {
    guard let unit = Unit.current else { return .null }
    return .reference(ObjectBox.wrap(object, unit))
  }
  public static func returning(_ object: (any ExportedObject)?) throws -> Self {
    try object.map { try returning($0) } ?? .null
  }
}
