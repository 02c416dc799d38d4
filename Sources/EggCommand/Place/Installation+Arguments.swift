import EggKernel

extension Installation {
  /// The plan for what a command line asks for: `--env`, `--framework`.
  ///
  /// - Throws: `BootError` for whatever is wrong with the application's files.
  func plan(_ folder: String, _ arguments: Arguments) throws(BootError) -> LoadPlan {
    try plan(folder, env: arguments.text("env"), framework: arguments.text("framework"))
  }
}

extension Arguments {
  /// What `--https-key` and `--https-cert` say, in the form of `config.cluster.https`; nil without
  /// them. Paths are those of the folder that the command runs in.
  var https: ConfigValue? {
    var object = ConfigObject()
    for (option, key) in [("https-key", "key"), ("https-cert", "cert")] {
      guard let path = text(option) else { continue }
      object[key] = .string(Path.join(Path.currentFolder, path))
    }
    return object.keys.isEmpty ? nil : .object(object)
  }
}
