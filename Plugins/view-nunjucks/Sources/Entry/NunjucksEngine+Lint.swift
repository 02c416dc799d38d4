import Egg
import EggTemplateValues
import Nunjucks
import PluginABI

nonisolated extension NunjucksEngine {
  /// `egg_view_engine.lint`
  func lint(_ path: egg_str, _ report: egg_view_report, _ state: UnsafeMutableRawPointer?) {
    guard let environment else { return }
    for error in environment.lint(name(of: path), knowsFilter: isHelper) {
      egg_str.lend(error.cause) { message in
        var finding = egg_view_finding()
        finding.size = UInt32(MemoryLayout<egg_view_finding>.size)
        finding.line = UInt32(clamping: error.line ?? 0)
        finding.column = UInt32(clamping: error.column ?? 0)
        finding.file = path
        finding.message = message
        report(state, &finding)
      }
    }
  }

  /// Methods of the helper become filters when a page asks for them.
  private func isHelper(_ name: String) -> Bool {
    var member = egg_member()
    return egg_str.lend(name) { host.pointee.resolve(host, UInt32(EGG_ON_HELPER), $0, &member) }
      == egg_status(EGG_OK)
  }
}
