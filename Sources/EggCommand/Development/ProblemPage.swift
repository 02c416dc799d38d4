/// The page that browsers get instead of the application while there is a problem. It asks every half
/// second whether that is still so, and loads anew when it is not.
struct ProblemPage {
  /// Where the page asks.
  static let statePath = "/__egg_dev__"

  let problem: Problem
  /// Below it files are shown relative.
  let baseDir: String
  /// Counts the problems of this run: which one the page shows.
  let number: Int

  /// What the page gets when it asks.
  static func state(_ number: Int) -> String { "{\"problem\":\(number)}" }

  var html: String {
    let findings = problem.findings.prefix(20).map(section).joined()
    let rest = problem.findings.count - 20
    let more = rest > 0 ? "<p>and \(rest) more in the terminal</p>" : ""
    let output =
      problem.findings.isEmpty
      ? "<pre>\(Self.escaped(String(problem.output.suffix(20_000))))</pre>" : ""
    return """
      <!DOCTYPE html>
      <html lang="en">
      <head>
      <meta charset="utf-8">
      <meta name="viewport" content="width=device-width, initial-scale=1">
      <title>\(Self.escaped(problem.title))</title>
      <style>
      :root { color-scheme: light dark; --line: #8884; --red: #c62828; }
      @media (prefers-color-scheme: dark) { :root { --red: #ff8a80; } }
      body { font: 16px/1.5 system-ui, sans-serif; margin: 0 auto; max-width: 60rem; padding: 2rem 1rem; }
      h1 { color: var(--red); font-size: 1.5rem; margin: 0 0 1.5rem; }
      section { border: 1px solid var(--line); border-left: 4px solid var(--red); border-radius: 6px;
        margin: 0 0 1rem; padding: 1rem; }
      h2 { font-size: 1.05rem; margin: 0 0 .25rem; }
      .place { font-family: ui-monospace, monospace; font-size: .875rem; overflow-wrap: anywhere; }
      pre { font: .8125rem/1.5 ui-monospace, monospace; margin: .75rem 0 0; overflow-x: auto; }
      mark { background: none; color: var(--red); font-weight: 600; }
      footer { opacity: .7; font-size: .875rem; }
      </style>
      </head>
      <body>
      <h1>\(Self.escaped(problem.title))</h1>
      \(findings)\(more)\(output)
      <footer>Save a file, and this page goes away when the error does.</footer>
      <script>
      setInterval(async () => {
        try {
          const answer = await fetch("\(Self.statePath)", { cache: "no-store" });
          const state = answer.ok ? await answer.json() : {};
          if (state.problem !== \(number)) location.reload();
        } catch {}
      }, 500);
      </script>
      </body>
      </html>

      """
  }

  /// For clients that are no browsers.
  var text: String {
    var lines = [problem.title]
    for finding in problem.findings {
      lines.append("\(place(finding))\(place(finding).isEmpty ? "" : ": ")\(finding.message)")
      lines += finding.excerpt
    }
    if problem.findings.isEmpty { lines.append(problem.output) }
    return lines.joined(separator: "\n") + "\n"
  }

  private func section(_ finding: Problem.Finding) -> String {
    let place = place(finding)
    let excerpt = finding.excerpt.map { line in
      // The line that points at the place, "   |         `- error: …".
      let text = Self.escaped(line)
      return line.contains("`- error:") || line.contains("|- error:")
        ? "<mark>\(text)</mark>" : text
    }
    return """
      <section>
      <h2>\(Self.escaped(finding.message))</h2>
      \(place.isEmpty ? "" : "<div class=\"place\">\(Self.escaped(place))</div>")
      \(excerpt.isEmpty ? "" : "<pre>\(excerpt.joined(separator: "\n"))</pre>")
      </section>

      """
  }

  private func place(_ finding: Problem.Finding) -> String {
    guard !finding.file.isEmpty else { return "" }
    let file =
      finding.file.hasPrefix(baseDir + "/")
      ? String(finding.file.dropFirst(baseDir.count + 1)) : finding.file
    guard finding.line > 0 else { return file }
    return "\(file):\(finding.line)" + (finding.column > 0 ? ":\(finding.column)" : "")
  }

  static func escaped(_ text: String) -> String {
    var result = ""
    for character in text {
      switch character {
      case "&": result += "&amp;"
      case "<": result += "&lt;"
      case ">": result += "&gt;"
      case "\"": result += "&quot;"
      default: result.append(character)
      }
    }
    return result
  }
}
