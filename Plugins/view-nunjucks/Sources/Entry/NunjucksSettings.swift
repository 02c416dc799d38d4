import Egg
import Nunjucks

/// `config.nunjucks`
struct NunjucksSettings: Decodable {
  struct Tags: Decodable {
    var blockStart: String?
    var blockEnd: String?
    var variableStart: String?
    var variableEnd: String?
    var commentStart: String?
    var commentEnd: String?
  }

  var autoescape: Bool
  var throwOnUndefined: Bool
  var trimBlocks: Bool
  var lstripBlocks: Bool
  /// Nil: as the plugin `view`.
  var cache: Bool?
  var tags: Tags?

  /// - Throws: `EggError` naming the key that does not fit.
  init(_ config: Value) throws {
    do {
      self = try config.decode(NunjucksSettings.self)
    } catch {
      throw EggError(code: "EGG_CONFIG", "config.nunjucks: \(EggError(error).message)")
    }
  }

  var options: TemplateOptions {
    var options = TemplateOptions()
    options.autoescape = autoescape
    options.throwOnUndefined = throwOnUndefined
    options.trimBlocks = trimBlocks
    options.lstripBlocks = lstripBlocks
    let plain = options.tags
    options.tags.blockStart = tags?.blockStart ?? plain.blockStart
    options.tags.blockEnd = tags?.blockEnd ?? plain.blockEnd
    options.tags.variableStart = tags?.variableStart ?? plain.variableStart
    options.tags.variableEnd = tags?.variableEnd ?? plain.variableEnd
    options.tags.commentStart = tags?.commentStart ?? plain.commentStart
    options.tags.commentEnd = tags?.commentEnd ?? plain.commentEnd
    return options
  }
}
