/// Filters for templates: `{{ started | clock }}`.

/// Milliseconds since 1970 as a time of day: "18:25:59 UTC".
func clock(_ milliseconds: Int) -> String {
  let seconds = milliseconds / 1000 % 86_400
  func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
  return "\(two(seconds / 3600)):\(two(seconds / 60 % 60)):\(two(seconds % 60)) UTC"
}
