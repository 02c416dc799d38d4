import Egg
import Glibc

/// How the start went by, as a page: what `run/` has about it, drawn as bars below the axis of time.
///
/// - Source: Egg, plugin development: `/__loader_trace__` shows the files that the loader wrote.
struct StartPage {
  static let path = "/__loader_trace__"
  private let role: String
  private let dump: Value

  /// The pages of this process, and of its agent where that is another one.
  static func all(_ app: Application) -> [StartPage] {
    let folder = app.config.rundir.string ?? app.baseDir + "/run"
    let roles = app.agent == nil ? ["application", "agent"] : ["application"]
    return roles.compactMap { role in
      guard let bytes = contents("\(folder)/\(role)_timing.json"),
        let dump = try? Value(json: bytes)
      else { return nil }
      return StartPage(role: role, dump: dump)
    }
  }

  /// What is answered to programs: by role, what the file has.
  static func json(_ pages: [StartPage]) -> Value {
    var map = ValueMap()
    for page in pages { map[page.role] = page.dump }
    return .map(map)
  }

  static func html(_ pages: [StartPage], name: String) -> String {
    let body =
      pages.isEmpty
      ? "<p>The files are not written yet, or <code>rundir</code> can't be written. Load this page again.</p>"
      : pages.map(\.section).joined()
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>The start of \(name.htmlEscaped)</title>
      <style>
      :root { color-scheme: light dark; --line: #8884; --bar: #1565c0; }
      @media (prefers-color-scheme: dark) { :root { --bar: #90caf9; } }
      body { font: 15px/1.4 system-ui, sans-serif; margin: 0 auto; max-width: 72rem; padding: 2rem 1rem; }
      h1 { font-size: 1.4rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
      table { border-collapse: collapse; width: 100%; }
      td, th { border-bottom: 1px solid var(--line); padding: .15rem .5rem; text-align: left;
        white-space: nowrap; }
      td.time { font-variant-numeric: tabular-nums; text-align: right; }
      td.axis { width: 60%; }
      td.axis div { background: var(--bar); border-radius: 2px; height: .8rem; min-width: 2px; }
      </style>
      </head>
      <body>
      <h1>The start of \(name.htmlEscaped)</h1>
      \(body)
      </body>
      </html>

      """
  }

  private var section: String {
    let whole = max(dump.milliseconds.double ?? 0, 0.001)
    let rows = (dump.steps.array ?? []).map { step in
      let start = step.start.double ?? 0
      let took = step.milliseconds.double ?? 0
      let left = min(start / whole, 1) * 100
      let width = max(0, min(took / whole * 100, 100 - left))
      return """
        <tr><td>\((step.unit.string ?? "").htmlEscaped)</td><td>\((step.name.string ?? "").htmlEscaped)</td>\
        <td class="time">\(hundredths(took)) ms</td><td class="axis">\
        <div style="margin-left:\(hundredths(left))%;width:\(hundredths(width))%"></div></td></tr>

        """
    }
    return """
      <h2>\(role), process \(dump.pid.int ?? 0): ready after \(hundredths(whole)) ms</h2>
      <table>
      <tr><th>unit</th><th>step</th><th>took</th><th></th></tr>
      \(rows.joined())</table>

      """
  }

  private func hundredths(_ number: Double) -> String {
    let all = Int((number * 100).rounded())
    return "\(all / 100).\(all % 100 < 10 ? "0" : "")\(all % 100)"
  }

  /// Small and written whole, so it is read at once.
  private static func contents(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < 4 << 20 {
      let count = read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      bytes += piece[..<count]
    }
    return bytes
  }
}
