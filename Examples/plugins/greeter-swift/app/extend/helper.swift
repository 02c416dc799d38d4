import Egg

extension Helper {
  /// For templates: `{{ helper.wave("Ada") }}`.
  func wave(_ name: String) -> String { "👋 \(ctx.greet(name))" }
}
