import Egg

extension Helper {
  /// The message format of the chat example.
  func parseMsg(_ action: String, _ payload: Value = [:], _ metadata: Value = [:]) -> Value {
    var meta: Value = ["timestamp": Value(Timestamp.now.milliseconds)]
    for (key, value) in metadata.object ?? ValueMap() { meta[key] = value }

    return [
      "meta": meta,
      "data": ["action": Value(action), "payload": payload],
    ]
  }
}
