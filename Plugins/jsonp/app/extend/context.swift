import Egg

extension Context {
  /// The client wants a call of its function, on a route with `app.jsonp()`.
  var acceptJSONP: Bool { self[FunctionKey.self] != nil }

  /// The call of that function; plain JSON when there is none. For pages of errors.
  func jsonpBody(_ content: Value) -> String {
    self[FunctionKey.self].map { jsonpText($0, content) } ?? content.json
  }
}
