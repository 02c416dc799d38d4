import EggKernel

extension CommandDescription {
  static let pluginNew = CommandDescription(
    path: ["plugin", "new"], summary: "write a new plugin that builds and loads",
    arguments: [.required("NAME", "the plugin's name in config/plugin.json")],
    options: [
      .value("lang", "c|cpp|rust|swift", "the language it is written in"),
      .value("dir", "DIR", "the new folder; NAME without it"),
    ],
    notes: """
      The plugin has one middleware and one property of the context. C, C++ and Rust build with make
      and carry their own copy of the C headers; Swift builds with swift build. "egg build DIR" builds
      each of them.
      """,
    run: runPluginNew)
}

private func runPluginNew(_ arguments: Arguments) throws {
  let name = try UnitName(arguments[0] ?? "")
  let languages = ["c", "cpp", "rust", "swift"]
  guard let language = arguments.text("lang") else {
    throw UsageError("expected --lang \(languages.joined(separator: "|"))", .pluginNew)
  }
  let folder = arguments.text("dir") ?? name.text
  let installation = Installation()
  var places = [
    ("@NAME@", name.text), ("@MEMBER@", name.member), ("@HEADER@", name.header),
    ("@MODULE@", name.module), ("@TYPE@", name.type),
  ]
  var files: [(path: String, text: String)]
  var build = "make"
  switch language {
  case "c": files = Template.cPlugin + (try headers(installation))
  case "cpp", "c++", "cxx": files = Template.cppPlugin + (try headers(installation))
  case "rust": files = Template.rustPlugin
  case "swift":
    files = Template.swiftPlugin
    places.append(("@EGG@", try installation.requirePackage()))
    build = "swift build -c release"
  default:
    throw UsageError(
      "expected --lang \(languages.joined(separator: "|")), found \"\(language)\"\(Suggestion.phrase(for: language, among: languages))",
      .pluginNew)
  }
  files += Template.pluginFiles(build: build, test: language == "swift" ? "egg test" : "")
  try Template(files: files).write(to: folder, filling: places)
  Terminal.print(
    """
    wrote \(folder)

      cd \(folder)
      \(build)

    then switch it on in an application's config/plugin.json and config/config.default.json:

      "\(name.text)": { "path": "\(Path.join(Path.currentFolder, folder))" }
      "middleware": ["\(name.member)"]
    """)
}

/// The C headers, so that the folder builds on any machine.
private func headers(_ installation: Installation) throws -> [(path: String, text: String)] {
  guard let folder = installation.headers else {
    throw CommandFailure(
      "egg_plugin.h is not installed beside \(installation.executable): expected include/egg; run make install in its sources"
    )
  }
  let names = Folder.names(in: folder).filter { $0.hasPrefix("egg_") && $0.hasSuffix(".h") }
  return try names.map { name in
    let bytes = try FileReader.contents(of: "\(folder)/\(name)", unit: "egg") ?? []
    return ("include/\(name)", String(decoding: bytes, as: UTF8.self))
  }
}
