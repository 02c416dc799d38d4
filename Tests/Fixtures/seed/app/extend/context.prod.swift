import Egg

extension Context {
  /// `whoami` of other units and templates, in production.
  func whoami_prod(_ greeting: String, _ mark: String = "!") -> String { "production\(mark)" }
}
