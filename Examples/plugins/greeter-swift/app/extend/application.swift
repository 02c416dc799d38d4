import Egg

extension Application {
  /// The languages that somebody has a greeting for.
  var greetingLanguages: [String] { greetings.languages }
}
