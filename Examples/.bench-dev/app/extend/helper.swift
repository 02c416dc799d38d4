import Egg

extension Helper {
  /// Callable from Swift and from templates: `{{ helper.greeting("Ada") }}`.
  func greeting(_ name: String) -> String { "Hello, \(name)!" }
}
