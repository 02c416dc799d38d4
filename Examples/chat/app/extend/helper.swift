import Egg

extension Helper {
  /// How everything looks that one client says to another:
  /// `{ data: { action, payload }, meta: { timestamp, client, target } }`.
  ///
  /// - Parameter action: "deny", "exchange" or "broadcast".
  func parseMsg(_ action: String, _ payload: Value, _ metadata: Value = [:]) -> Value {
    var meta = ValueMap()
    meta["timestamp"] = .integer(Timestamp.now.milliseconds)
    meta.merge(metadata.object ?? ValueMap())
    return ["data": ["action": action, "payload": payload] as Value, "meta": Value.map(meta)]
  }
}
