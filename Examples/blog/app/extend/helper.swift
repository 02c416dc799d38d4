import Egg

extension Helper {
  /// The address of a page of the list: `/` for the first.
  func page(_ number: Int) -> String { number > 1 ? "/?page=\(number)" : "/" }
}
