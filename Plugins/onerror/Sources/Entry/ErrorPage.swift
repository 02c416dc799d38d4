import Egg
import ErrorPages
import Glibc

/// The development page: what failed, where, on which request, with which configuration.
struct ErrorPage {
  private let error: EggError
  private let ctx: Context
  private let app: Application
  private let stack: Stack

  init(_ error: EggError, _ ctx: Context, _ app: Application) {
    self.error = error
    self.ctx = ctx
    self.app = app
    stack = Stack(error.detail)
  }

  /// - Parameter template: the plugin's own, or that of `templatePath`.
  func html(_ template: PageTemplate) -> String {
    let title = error.code.isEmpty ? ctx.response.phrase(ctx.status) : error.code
    return template.filled([
      "status": "\(ctx.status)", "title": HTML.escaped(title), "method": HTML.escaped(ctx.method),
      "url": HTML.escaped(ctx.url), "message": HTML.escaped(error.message), "cause": cause,
      "source": source, "stack": frames, "properties": properties, "request": request,
      "configuration": configuration, "env": HTML.escaped(app.env), "style": Self.style,
    ])
  }

  static let own: PageTemplate = {
    guard let template = try? PageTemplate(ownText) else {
      preconditionFailure("the plugin's own page asks for what is not known")
    }
    return template
  }()

  private static let ownText = """
    <!DOCTYPE html>
    <html lang="en"><head><meta charset="utf-8">
    <meta name="viewport" content="width=device-width, initial-scale=1">
    <title>{{ status }} {{ title }}</title>
    <style>{{ style }}</style></head><body>
    <header><p><b>{{ status }}</b> {{ title }} &middot; {{ method }} {{ url }}</p>
    <h1>{{ message }}</h1>{{ cause }}</header>
    <main>{{ source }}{{ stack }}{{ properties }}{{ request }}{{ configuration }}</main>
    <footer>Shown because the environment is <code>{{ env }}</code>; \
    <code>config.onerror.developmentPage</code> switches it off.</footer>
    </body></html>

    """

  private var cause: String {
    guard let cause = error.cause else { return "" }
    return "<p>because of: \(HTML.escaped(EggError(cause).description))</p>"
  }

  // MARK: where

  /// The innermost frame in the source of a unit.
  private var place: Stack.Frame? { stack.frames.first(where: \.isUnits) }

  /// The unit that the frame belongs to; the application may be built elsewhere than it runs.
  private func unit(of frame: Stack.Frame) -> UnitInfo? {
    let units = app.plugins
    let found = units.filter { unit in
      !unit.directory.isEmpty
        && [frame.file, frame.library].contains { $0.hasPrefix(unit.directory + "/") }
    }
    // The application's folder may be around those of its plugins.
    return found.max { $0.directory.utf8.count < $1.directory.utf8.count }
      ?? units.last { $0.kind == .application }
  }

  private var source: String {
    guard let place, let excerpt = SourceExcerpt(place.file, line: place.line) else { return "" }
    let lines = excerpt.lines.map { line in
      let mark = line.number == place.line ? " class=\"here\"" : ""
      return "<li value=\"\(line.number)\"\(mark)><code>\(HTML.escaped(line.text)) </code></li>"
    }.joined()
    return section(
      "\(HTML.escaped(place.file)):\(place.line)", "<ol class=\"source\">\(lines)</ol>")
  }

  private var frames: String {
    guard !stack.frames.isEmpty else { return "" }
    let lines = stack.frames.map { frame in
      let place = frame.file.isEmpty ? frame.library : "\(frame.file):\(frame.line)"
      let name = frame.function.isEmpty ? frame.raw : frame.function
      return """
        <li\(frame.isUnits ? " class=\"ours\"" : "")>\(HTML.escaped(name))\
        <small>\(HTML.escaped(place))</small></li>
        """
    }.joined()
    return section("Stack", "<ol class=\"stack\">\(lines)</ol>")
  }

  // MARK: what

  private var properties: String {
    error.properties.isEmpty ? "" : section("Properties", json(.map(error.properties)))
  }

  private var request: String {
    var rows: [(String, String)] = [
      ("method", ctx.method), ("url", ctx.url), ("address", ctx.ip),
    ]
    for (name, value) in ctx.headers {
      // A screenshot of this page may be shown around.
      let isSecret = ["cookie", "authorization", "proxy-authorization"].contains(name)
      rows.append(
        (name, isSecret ? "<\(value.string?.utf8.count ?? 0) bytes>" : value.string ?? ""))
    }
    let cells = rows.map {
      "<tr><th>\(HTML.escaped($0.0))</th><td>\(HTML.escaped($0.1))</td></tr>"
    }.joined()
    return section("Request", "<table>\(cells)</table>")
  }

  /// The masked configuration of the unit that failed, as the kernel wrote it to `run/`.
  private var configuration: String {
    guard let place, let unit = unit(of: place), let all = dump else { return "" }
    let config = all["config"].isUndefined ? all : all["config"]
    let part = unit.kind == .plugin ? config[unit.name] : config
    guard !part.isUndefined else { return "" }
    return section("Configuration of \(HTML.escaped(unit.name))", json(part))
  }

  private var dump: Value? {
    let path = "\(app.config.rundir.string ?? "")/application_config.json"
    guard let stream = fopen(path, "re") else { return nil }
    defer { fclose(stream) }
    var bytes = [UInt8](repeating: 0, count: 1 << 20)
    let count = fread(&bytes, 1, bytes.count, stream)
    return try? Value(json: Array(bytes[..<count]))
  }

  private func json(_ value: Value) -> String {
    "<pre>\(HTML.escaped(value.json(indent: 2)))</pre>"
  }

  private func section(_ title: String, _ content: String) -> String {
    "<section><h2>\(title)</h2>\(content)</section>"
  }

  private static let style = """
    :root{color-scheme:light dark;--line:#d8dee6;--dim:#66707c;--mark:#fff3cd;--red:#b42318}
    @media(prefers-color-scheme:dark){:root{--line:#333b45;--dim:#98a2ae;--mark:#4a3b0a;--red:#ff8a7a}}
    body{font:15px/1.5 system-ui,sans-serif;margin:0}
    header{border-top:6px solid var(--red);padding:24px 32px 8px}
    header p{color:var(--dim);margin:0}h1{font-size:24px;margin:6px 0 10px;white-space:pre-wrap}
    main{padding:0 32px}h1,h2,th,.stack{overflow-wrap:anywhere}section{border-top:1px solid var(--line);padding:14px 0}
    h2{font-size:14px;margin:0 0 8px;color:var(--dim);font-weight:600}
    code,pre,.stack,.source{font:13px/1.6 ui-monospace,Menlo,Consolas,monospace}
    pre,.source{margin:0;overflow:auto}.source{padding:0 0 0 56px}
    .source code{white-space:pre}.source li::marker{color:var(--dim)}.here{background:var(--mark)}
    .stack{padding-left:32px;margin:0;color:var(--dim)}.stack .ours{color:canvastext;font-weight:600}
    small{display:block;font-weight:400;color:var(--dim)}
    table{border-collapse:collapse}th{text-align:left;font-weight:400;color:var(--dim);padding-right:24px;vertical-align:top}
    td{word-break:break-all}footer{padding:16px 32px;color:var(--dim);font-size:13px}
    @media(max-width:640px){header,main,footer{padding-left:16px;padding-right:16px}
    .source{padding-left:40px}.stack{padding-left:28px}th{padding-right:12px}}
    """
}
