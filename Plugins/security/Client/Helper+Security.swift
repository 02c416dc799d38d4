import Egg
import EggSecurityHelper
import EggSecurityRules

/// Text made safe for the place where it is put. Templates have the same functions by name.
extension Helper {
  /// Between tags and in quoted attributes.
  public func escape(_ text: String) -> String { Escaped.html(text) }
  /// A url for an attribute; "" for a protocol that is not known to be harmless.
  public func surl(_ url: String) -> String { HelperSafety(config, host: ctx.hostname).surl(url) }
  /// HTML of visitors: only tags and attributes of a list, links only to hosts of ours.
  public func shtml(_ html: String) -> String {
    HelperSafety(config, host: ctx.hostname).shtml(html)
  }
  /// In a text of JavaScript, between quotes.
  public func sjs(_ text: String) -> String { Escaped.javaScript(text) }
  /// JSON for a `<script>`.
  ///
  /// - Throws: what `encode(to:)` throws.
  public func sjson(_ value: some Encodable) throws -> String {
    Escaped.json(try Value(encoding: value).json)
  }
  /// A path below a folder; nil when it leads out.
  public func spath(_ path: String) -> String? { Escaped.path(path) }
  /// Only letters, digits, `-`, `_` and `.`.
  public func cliFilter(_ text: String) -> String { Escaped.commandLine(text) }
  /// One argument for `sh`.
  public func escapeShellArg(_ text: String) -> String { Escaped.shellArgument(text) }
  /// A command without what `sh` gives a meaning to.
  public func escapeShellCmd(_ text: String) -> String { Escaped.shellCommand(text) }
}
