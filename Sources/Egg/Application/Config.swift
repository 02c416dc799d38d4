internal import PluginABI

/// The merged configuration of every unit.
///
///     app.config.mysql.client.host.string
///     let options = try app.config.decode(MySQLOptions.self, "mysql")
@dynamicMemberLookup
public final class Config {
  private let host: Host
  private var isFrozen = false
  /// What was asked for since the configuration cannot change any more.
  private var known: [String: Value] = [:]

  init(_ host: Host) { self.host = host }

  /// What stands at a dotted path; `.undefined` when nothing does. The empty path is everything.
  public subscript(path: String) -> Value {
    guard isFrozen else { return read(path) }
    if let value = known[path] { return value }
    let value = read(path)
    known[path] = value
    return value
  }

  public subscript(dynamicMember name: String) -> Value { self[name] }

  /// A part of the configuration as one of your types.
  ///
  /// - Throws: `EggError` that names the key which does not fit.
  public func decode<T: Decodable>(_ type: T.Type = T.self, _ path: String = "") throws -> T {
    do {
      return try self[path].decode(type)
    } catch let error as DecodingError {
      throw EggError(code: "EGG_CONFIG", "config.\(path): \(error.summary)")
    }
  }

  /// Changes the configuration; possible until `configWillLoad` has ended.
  ///
  /// - Parameter origin: who says so, for `egg inspect config`.
  /// - Throws: `EggError` when it is too late.
  public func set(
    _ path: String, _ value: Value, origin: String? = nil, file: String = #fileID, line: Int = #line
  ) throws {
    let status = withEggStrings(path, origin ?? "\(file):\(line)") { path, origin in
      withEggValue(value) { host.table.pointee.set_config(host.table, path, $0, origin) }
    }
    try Status.check(status, "config.\(path)")
  }

  /// Who set what stands at a path, for messages: `config/config.default.json:3:7` with its folder.
  ///
  /// - Returns: nil when nobody did; for an object, where one of its members was set.
  public func origin(_ path: String) -> String? {
    guard host.app.pointee.size >= UInt32(MemoryLayout<egg_app>.size),
      let ask = host.app.pointee.config_origin
    else { return nil }
    var out = egg_str()
    let status = path.withEggString { ask(host.table, $0, &out) }
    return status == Status.ok ? out.string : nil
  }

  func freeze() { isFrozen = true }

  /// Another value at a path once the configuration is final; nil takes it back. For tests.
  package func replace(_ path: String, with value: Value?) { known[path] = value }

  private func read(_ path: String) -> Value {
    var out = egg_value()
    let status = path.withEggString { host.table.pointee.config(host.table, $0, &out) }
    return status == Status.ok ? Value(out, host: host) : .undefined
  }
}
