import Egg
internal import EggTemplateValues
internal import PluginABI

/// One use of a tag of yours in a page that is being rendered. Good until the tag's function returns.
public struct TemplateTag {
  /// Between the tag's name and `%}`; keyword arguments are an object behind the others.
  public let arguments: Arguments
  private let app: Application
  private let use: Int

  init(_ app: Application, use: Int, _ arguments: Arguments) {
    self.app = app
    self.use = use
    self.arguments = arguments
  }

  /// A body, rendered; as often as you like, or not at all.
  ///
  /// - Parameter place: 0 is what follows the tag itself, 1 what follows the first middle word.
  /// - Throws: `EggError` when there is no such body, or when it cannot be rendered; the page then
  ///   shows the mistake in it.
  public func body(_ place: Int = 0) throws -> String {
    guard let body = try rendered(place) else {
      throw EggError(code: "EGG_NOT_FOUND", "the tag has no body number \(place) here")
    }
    return body.text
  }

  /// What a body follows: the tag's name, or one of its middle words; nil past the last body.
  ///
  /// - Throws: as ``body(_:)``; the body is rendered to find out.
  public func word(_ place: Int) throws -> String? { try rendered(place)?.word }

  private func rendered(_ place: Int) throws -> (text: String, word: String)? {
    guard let table = app.interface(EGG_NUNJUCKS_ID), let place = UInt32(exactly: place) else {
      return nil
    }
    let nunjucks = table.assumingMemoryBound(to: egg_nunjucks.self)
    let host = app.hostTable.assumingMemoryBound(to: egg_host.self)
    var (word, text) = (egg_str(), egg_value())
    let status = nunjucks.pointee.body(
      host, egg_nunjucks_use(truncatingIfNeeded: use), place, &word, &text)
    switch Int(status) {
    case EGG_OK: return (text.text.string, word.string)
    case EGG_E_NOT_FOUND: return nil
    case EGG_E_STALE:
      throw EggError(code: "EGG_STALE", "a tag was kept longer than its function ran")
    default: throw EggError(code: "EGG_TEMPLATE", "the body of a tag cannot be rendered")
    }
  }
}
