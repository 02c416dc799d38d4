import Egg
import EggSecurityHelper
import EggSecurityRules

/// For templates. Those that give HTML are not escaped a second time.
extension Helper {
  func escape(_ text: Value) -> Value { .markup(Escaped.html(text.description)) }
  func surl(_ url: Value) -> Value { .markup(safety.surl(url.description)) }
  func shtml(_ html: Value) -> Value { .markup(safety.shtml(html.description)) }
  func sjs(_ text: Value) -> Value { .markup(Escaped.javaScript(text.description)) }
  func sjson(_ value: Value) -> Value { .markup(Escaped.json(value.json)) }
  /// Null when it leads out.
  func spath(_ path: String) -> String? { Escaped.path(path) }
  func cliFilter(_ text: String) -> String { Escaped.commandLine(text) }
  func escapeShellArg(_ text: String) -> String { Escaped.shellArgument(text) }
  func escapeShellCmd(_ text: String) -> String { Escaped.shellCommand(text) }

  private var safety: HelperSafety { HelperSafety(app.config, host: ctx.hostname) }
}
