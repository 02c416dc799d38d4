import Egg

extension Application {
  /// `app.yadan` for every unit and template: where the backend is, and what can be asked of it.
  var yadan: Value {
    ["backend": config.yadan.backend, "remotes": Value.list(remotes.names.map { Value.text($0) })]
  }
}
