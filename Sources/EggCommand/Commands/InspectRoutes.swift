import EggKernel

extension CommandDescription {
  static let inspectRoutes = CommandDescription(
    path: ["inspect", "routes"],
    summary: "list the routes: method, path, controller, owner, source",
    arguments: [.optional("DIR", "the application's folder")],
    options: [.env, .framework, .json],
    notes: "In the order in which they are tried. The application is loaded, and does not listen.",
    run: { arguments in
      try LoadedApplication.inspect(arguments[0] ?? ".", arguments) { application, print in
        let routes = application.routes
        if arguments.printsJSON { return print(JSONWriter.text(routes, indentation: 2)) }
        let list = routes.array ?? []
        if list.isEmpty { return print("no routes") }
        let base = application.plan.info.baseDir
        print(TextTable.lines(list.map { row($0, base: base) }).joined(separator: "\n"))
      }
    })
}

private func row(_ route: ConfigValue, base: String) -> [String] {
  func text(_ key: String) -> String { route[key]?.string ?? "" }
  // HEAD comes with every GET and would only be noise.
  var methods = route["methods"]?.strings ?? []
  if methods.contains("GET") { methods.removeAll { $0 == "HEAD" } }
  let name = text("name")
  let target = text("redirect").isEmpty ? text("controller") : "→ \(text("redirect"))"
  var source = text("source")
  if source.hasPrefix(base + "/") { source = String(source.dropFirst(base.count + 1)) }
  return [
    methods.isEmpty ? "USE" : methods.count > 8 ? "ALL" : methods.joined(separator: ","),
    text("path"), name.isEmpty ? "" : "\"\(name)\"", target, text("owner"), source,
  ]
}
