import Foundation

/// One question that is put to every server that can answer it.
struct Route: Sendable {
  let name: String
  var method = "GET"
  let path: String
  var body: String?
  var pipeline = 1
  /// What is wrong with an answer, or nil: a server that answers 404 fast must not win.
  let complaint: @Sendable (Probe.Answer) -> String?

  /// The arguments of the load generator for this route.
  var arguments: [String] {
    var arguments = ["--path", path]
    if method != "GET" { arguments += ["--method", method] }
    if let body { arguments += ["--body", body, "--header", "Content-Type: application/json"] }
    if pipeline > 1 { arguments += ["--pipeline", String(pipeline)] }
    return arguments
  }

  /// What is wrong with this server's answer, or nil.
  func check(port: Int) -> String? {
    guard let probe = Probe(port: port) else { return "does not accept connections" }
    let headers = body == nil ? [] : ["Content-Type: application/json"]
    guard let answer = probe.ask(method, path, body: body, headers: headers) else {
      return "no answer"
    }
    return answer.status == 200 ? complaint(answer) : "status \(answer.status)"
  }

  /// The JSON that /echo must read and write again.
  static let order = #"{"message":"Hello, World!","count":42,"tags":["a","b","c"]}"#

  static let all: [Route] = [
    Route(name: "plaintext", path: "/plaintext", complaint: isGreeting),
    Route(name: "json", path: "/json") { isJSON($0, #"{"message":"Hello, World!"}"#) },
    Route(name: "user", path: "/user/1") {
      $0.text.contains("1") ? nil : "the answer does not hold the id"
    },
    Route(name: "mw", path: "/mw") {
      // The peers greet there too; what counts is that the ten layers let an answer through.
      ["ok", "Hello, World!"].contains($0.text) ? nil : "the body is neither \"ok\" nor a greeting"
    },
    Route(name: "echo", method: "POST", path: "/echo", body: order) { isJSON($0, order) },
    Route(name: "1k", path: "/public/1k.txt") {
      $0.body.count == 1024 ? nil : "\($0.body.count) bytes, not 1024"
    },
    Route(name: "pipelined", path: "/plaintext", pipeline: 16, complaint: isGreeting),
  ]

  /// - Throws: for a name that no route has.
  static func named(_ names: [String]) throws -> [Route] {
    if names.isEmpty { return all }
    return try names.map { name in
      guard let route = all.first(where: { $0.name == name }) else {
        throw BenchError(
          "no route \"\(name)\"; there are " + all.map(\.name).joined(separator: ", "))
      }
      return route
    }
  }

  @Sendable private static func isGreeting(_ answer: Probe.Answer) -> String? {
    answer.text == "Hello, World!" ? nil : "the body is not \"Hello, World!\""
  }

  private static func isJSON(_ answer: Probe.Answer, _ wanted: String) -> String? {
    let found = try? JSONSerialization.jsonObject(with: Data(answer.body)) as? NSDictionary
    let right = try? JSONSerialization.jsonObject(with: Data(wanted.utf8)) as? NSDictionary
    return found != nil && found == right ? nil : "the body is not \(wanted)"
  }
}
