import EggSecurityRules
import Nunjucks

/// Files of templates with what the plugin security asks for: a hidden field in forms that are
/// posted, a nonce for scripts.
///
/// Put in when a template is compiled, and without line breaks, so that errors name its own lines.
nonisolated struct ProtectedLoader: TemplateLoader {
  let files: FileLoader
  /// A unit adds `ctx.csrf` or `ctx.nonce`.
  let hasToken: Bool
  let hasNonce: Bool
  /// Around an expression: `{{` and `}}`.
  let tags: (start: String, end: String)

  func load(_ name: String) throws -> TemplateSource? {
    guard let source = try files.load(name) else { return nil }
    guard hasToken || hasNonce else { return source }
    var text = String(decoding: source.text, as: UTF8.self)
    if hasToken { text = TemplateInjection.csrf(text, value: "\(tags.start) ctx.csrf \(tags.end)") }
    if hasNonce {
      text = TemplateInjection.nonce(text, value: "\(tags.start) ctx.nonce \(tags.end)")
    }
    return TemplateSource(text: Array(text.utf8), path: source.path, version: source.version)
  }

  func version(_ name: String) -> TemplateVersion? { files.version(name) }
}
