/// Which environment (`local`, `unittest`, `prod`, or a name of one's own) a start is for.
package struct ServerEnvironment: Sendable, Equatable {
  package let name: String
  /// What decided it, for the first line of the log: `option`, the path of `config/env`, the
  /// name of a variable, or `default`.
  package let source: String

  /// Resolves the environment; the first of these wins: the start option, the file `config/env`,
  /// `EGG_SERVER_ENV`, `EGG_ENV` (`test` → `unittest`, `production` → `prod`), `NODE_ENV` (the
  /// same two), `local`.
  ///
  /// - Parameter notices: gets a warning for an `EGG_ENV` that means nothing.
  /// - Throws: `.config` for a name that could not be part of a file name.
  /// - Source: Egg, "Environment"; `EGG_ENV` is the addition of this project.
  package static func resolve(
    baseDir: String, option: String? = nil, variables: EnvironmentVariables = .process,
    notices: inout [BootNotice]
  ) throws(BootError) -> ServerEnvironment {
    if let option {
      let name = trimmingBlanks(option)
      if !name.isEmpty { return try checked(name, source: "option") }
    }
    let path = Path.join(baseDir, "config/env")
    if let bytes = try FileReader.contents(of: path, limit: 4096, unit: "app") {
      let name = trimmingBlanks(String(decoding: bytes, as: UTF8.self))
      if !name.isEmpty { return try checked(name, source: path) }
    }
    if let name = variables.trimmed("EGG_SERVER_ENV") {
      return try checked(name, source: "EGG_SERVER_ENV")
    }
    for variable in ["EGG_ENV", "NODE_ENV"] {
      switch variables.trimmed(variable) {
      case nil: continue
      case "test": return ServerEnvironment(name: "unittest", source: variable)
      case "production": return ServerEnvironment(name: "prod", source: variable)
      case let value?:
        // NODE_ENV=development is everyday life and means `local`, as in Egg.
        guard variable == "EGG_ENV" else { continue }
        notices.append(
          .warning(
            "EGG_ENV is \"\(value)\", expected \"production\" or \"test\", so it is ignored; "
              + "use EGG_SERVER_ENV for any other name"))
      }
    }
    return ServerEnvironment(name: "local", source: "default")
  }

  private static func checked(_ name: String, source: String) throws(BootError) -> Self {
    try checkFileNamePart(name, what: "environment name", source: source)
    return ServerEnvironment(name: name, source: source)
  }
}

/// Environment and scope become part of file names (`config.NAME.json`), so they must not lead
/// out of the folder.
func checkFileNamePart(_ name: String, what: String, source: String) throws(BootError) {
  let allowed = name.utf8.allSatisfy { byte in
    switch byte {
    case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
      UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "_"), UInt8(ascii: "-"),
      UInt8(ascii: "."):
      true
    default: false
    }
  }
  guard allowed, name.utf8.count <= 64 else {
    throw BootError(
      .config, unit: "app",
      "expected an \(what) of letters, digits, \"_\", \"-\" and \".\", found "
        + "\"\(name.prefix(64))\" in \(source)")
  }
}
