import Egg

/// `config.view`
struct ViewSettings: Decodable {
  var root: String
  var cache: Bool
  var defaultExtension: String
  var defaultViewEngine: String
  var mapping: [String: String]

  /// - Throws: `EggError` naming the key that does not fit.
  init(_ config: Value) throws {
    do {
      self = try config.decode(ViewSettings.self)
    } catch {
      throw EggError(code: "EGG_CONFIG", "config.view: \(EggError(error).message)")
    }
    if let wrong = mapping.keys.sorted().first(where: { !$0.hasPrefix(".") }) {
      throw EggError(
        code: "EGG_CONFIG",
        "config.view.mapping: expected extensions such as \".\(wrong)\", found \"\(wrong)\"")
    }
  }
}
