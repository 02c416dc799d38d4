import Egg

extension Helper {
  /// For templates: how many hooks a boot class has.
  func hookCount() -> Int { 7 }
}
