/// How a start went by, as bars below the axis of time.
package struct StartChart: Sendable {
  /// One step of one unit; times in milliseconds from the start of the process.
  package struct Step: Sendable {
    package var unit: String
    package var name: String
    package var start: Double
    package var took: Double

    package init(unit: String, name: String, start: Double, took: Double) {
      self.unit = unit
      self.name = name
      self.start = start
      self.took = took
    }
  }

  package var role: String
  package var process: Int
  /// Milliseconds until it was ready.
  package var whole: Double
  package var steps: [Step]

  package init(role: String, process: Int, whole: Double, steps: [Step]) {
    self.role = role
    self.process = process
    self.whole = whole
    self.steps = steps
  }

  /// A whole page of HTML.
  ///
  /// - Parameter name: the application's.
  package static func page(_ charts: [StartChart], name: String) -> String {
    let body =
      charts.isEmpty
      ? "<p>The files are not written yet, or <code>rundir</code> can't be written. Load this page again.</p>"
      : charts.map(\.section).joined()
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>The start of \(escaped(name))</title>
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
      <h1>The start of \(escaped(name))</h1>
      \(body)
      </body>
      </html>

      """
  }

  private var section: String {
    let axis = max(whole.isFinite ? whole : 0, 0.001)
    let rows = steps.map { step in
      let took = step.took.isFinite ? max(step.took, 0) : 0
      let left = min(max(step.start.isFinite ? step.start : 0, 0) / axis, 1) * 100
      let width = max(0, min(took / axis * 100, 100 - left))
      return """
        <tr><td>\(Self.escaped(step.unit))</td><td>\(Self.escaped(step.name))</td>\
        <td class="time">\(Self.hundredths(took)) ms</td><td class="axis">\
        <div style="margin-left:\(Self.hundredths(left))%;width:\(Self.hundredths(width))%"></div></td></tr>

        """
    }
    return """
      <h2>\(Self.escaped(role)), process \(process): ready after \(Self.hundredths(axis)) ms</h2>
      <table>
      <tr><th>unit</th><th>step</th><th>took</th><th></th></tr>
      \(rows.joined())</table>

      """
  }

  /// Two digits behind the point, without a trap for what a file may say.
  package static func hundredths(_ number: Double) -> String {
    guard number.isFinite, number.magnitude < 1e15 else { return "0.00" }
    let all = Int((number * 100).rounded())
    let rest = abs(all % 100)
    return "\(all < 0 && all > -100 ? "-" : "")\(all / 100).\(rest < 10 ? "0" : "")\(rest)"
  }

  package static func escaped(_ text: String) -> String {
    text.unicodeScalars.reduce(into: "") { out, scalar in
      switch scalar {
      case "&": out += "&amp;"
      case "<": out += "&lt;"
      case ">": out += "&gt;"
      case "\"": out += "&quot;"
      case "'": out += "&#39;"
      default: out.unicodeScalars.append(scalar)
      }
    }
  }
}
