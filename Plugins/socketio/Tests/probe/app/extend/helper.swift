import Egg

extension Helper {
  /// A message as clients of the chat expect it.
  func parseMsg(_ action: String, _ payload: Value, _ metadata: Value = [:]) -> Value {
    var meta = ValueMap()
    meta["timestamp"] = .integer(Timestamp.now.milliseconds)
    meta.merge(metadata.object ?? ValueMap())
    return ["data": ["action": action, "payload": payload] as Value, "meta": Value.map(meta)]
  }
}
