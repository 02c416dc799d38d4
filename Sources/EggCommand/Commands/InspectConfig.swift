import EggKernel

extension CommandDescription {
  static let inspectConfig = CommandDescription(
    path: ["inspect", "config"],
    summary: "show the configuration, or who set a key of it, in order",
    arguments: [
      .optional("KEY", "keys joined by dots, such as mysql.client.host"),
      .optional("DIR", "the application's folder"),
    ],
    options: [.env, .framework, .json],
    notes: """
      Each writer is shown with file, line and value; the last one counts. Secrets show their kind and
      length only. A first argument that is a folder with a "/" or "." in front is DIR. Nothing of the
      application runs; what it sets in configWillLoad is in run/application_config.json after a start.
      """,
    run: runInspectConfig)
}

private func runInspectConfig(_ arguments: Arguments) throws {
  var key = arguments[0]
  var folder = arguments[1] ?? "."
  if let first = key, arguments[1] == nil, first.hasPrefix("/") || first.hasPrefix(".") {
    key = nil
    folder = first
  }
  let installation = Installation()
  installation.prepare(builds: [".build/debug", ".build/release"])
  let config = try installation.plan(folder, arguments).config
  if arguments.printsJSON {
    Terminal.print(JSONWriter.text(json(config, key), indentation: 2))
  } else if let key {
    Terminal.print(config.explanation(of: key))
  } else {
    Terminal.print(JSONWriter.text(config.dump(), indentation: 2))
  }
  if let key, config.value(at: key) == nil { throw Finding() }
}

/// - Returns: the whole configuration without a key; with one, its value and writers.
private func json(_ config: ConfigTree, _ key: String?) -> ConfigValue {
  guard let key else { return config.dump() }
  let path = key.split(separator: ".").map(String.init)
  let mask = ConfigMask(config: config)
  let writers = config.writers(of: key).map { writer -> ConfigValue in
    var object: ConfigObject = [
      "unit": .string(writer.unit), "kind": .string(writer.origin.kind.rawValue),
      "file": .string(writer.file),
    ]
    if writer.line > 0 { object["line"] = .int(Int64(writer.line)) }
    object["value"] = mask.masked(writer.value, path: path)
    return .object(object)
  }
  var object: ConfigObject = ["key": .string(key)]
  if let value = config.value(at: key) { object["value"] = mask.masked(value, path: path) }
  object["writers"] = .array(writers)
  return .object(object)
}
