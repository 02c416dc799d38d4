import EggTestSupport
import Foundation

/// The blog in processes of its own. Pages are asked for as a browser does, with a jar of cookies.
final class BlogServer {
  let application: RunningApplication
  private var cookies: [String: String] = [:]

  struct Page {
    let status: Int
    let location: String
    let text: String
  }

  /// - Parameters:
  ///   - plugin: the database's line in `config/plugin.json`, in place of SQLite's.
  ///   - options: of `egg start`.
  init(
    plugin: String? = nil, environment: [String: String] = [:], options: [String] = ["--single"]
  ) throws {
    let source = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
      .deletingLastPathComponent()
    // The machine that runs the tests may be busy.
    let limits = #"{ "connectTimeout": 120000, "poolWaitTimeout": 120000 }"#
    var files = [
      "config/config.prod.json": #"{ "mysql": { "default": \#(limits) } }"#,
      "egg.json": #"{ "name": "blog", "version": "1.0.0", "library": "libBlogExample.so" }"#,
    ]
    if let plugin {
      let table = try String(
        contentsOf: source.appendingPathComponent("config/plugin.json"), encoding: .utf8)
      let line = #""sqlite": { "package": "egg-sqlite" }"#
      guard table.contains(line) else { throw Failure("no \(line) in \(table)") }
      files["config/plugin.json"] = table.replacingOccurrences(of: line, with: plugin)
    }
    application = try RunningApplication(
      source, parts: ["app", "config"], files: files, options: options, variables: environment,
      hiding: "BLOG_")
  }

  func get(_ path: String) throws -> Page { try ask("GET", path) }

  /// Sends the form that stands on `page`, hidden token included.
  func post(_ path: String, from page: String, _ fields: [(String, String)] = []) throws -> Page {
    let form = try get(page).text
    guard let start = form.range(of: #"name="_csrf" value=""#),
      let end = form[start.upperBound...].firstIndex(of: "\"")
    else { throw Failure("\(page) has no token: \(form)") }
    let token = ("_csrf", String(form[start.upperBound..<end]))
    return try ask("POST", path, Self.encoded([token] + fields))
  }

  /// Sends a form that no page has shown.
  func forge(_ path: String) throws -> Page { try ask("POST", path, "title=x") }

  private func ask(_ method: String, _ path: String, _ form: String? = nil) throws -> Page {
    var headers = ["Accept": "text/html"]
    if !cookies.isEmpty {
      headers["Cookie"] = cookies.map { "\($0.key)=\($0.value)" }.joined(separator: "; ")
    }
    let answer = try application.send(method, path, headers: headers, form: form)
    for pair in answer.cookies.components(separatedBy: "; ") {
      let parts = pair.split(separator: "=", maxSplits: 1)
      if let name = parts.first { cookies[String(name)] = parts.count > 1 ? String(parts[1]) : "" }
    }
    return Page(status: answer.status, location: answer["location"] ?? "", text: answer.body)
  }

  private static func encoded(_ fields: [(String, String)]) -> String {
    fields.map { name, value in
      let text = value.utf8.map { byte in
        let isPlain = byte < 0x80 && Character(Unicode.Scalar(byte)).isLetter
        return isPlain ? String(UnicodeScalar(byte)) : String(format: "%%%02X", byte)
      }
      return "\(name)=\(text.joined())"
    }.joined(separator: "&")
  }
}
