/// The frameworks under an application, found by walking from the one it names down to the one
/// that names none.
package enum FrameworkChain {
  /// Resolves the chain, the base first.
  ///
  /// The application's framework is the start option, else `EGG_FRAMEWORK`, else the field
  /// `framework` of its `egg.json`; a framework names its own base in the same field. A value
  /// with a `/` at its start or a `.` is a path (relative to the file that says it, or to the
  /// application), anything else a package name. The name `egg` is the default framework where one is
  /// installed, and otherwise the kernel itself, which is below every chain anyway.
  ///
  /// - Parameters:
  ///   - core: the kernel's own unit; it becomes the first of the chain.
  ///   - systemDirectories: folders that hold installed frameworks.
  ///   - host: when given, the demands of each library's manifest are compared with it.
  /// - Throws: `.framework` for one that is not found, naming every place, and for a circle.
  /// - Source: Egg, "Framework development"; `egg.framework` of package.json.
  package static func resolve(
    baseDir: String, option: String? = nil, variables: EnvironmentVariables = .process,
    systemDirectories: [String] = [], core: LoadUnit? = nil, host: HostABI? = nil,
    notices: inout [BootNotice]
  ) throws(BootError) -> [LoadUnit] {
    var upperFirst: [LoadUnit] = []
    var next = try first(baseDir: baseDir, option: option, variables: variables)
    while let wish = next {
      if wish.name == "egg", !isInstalled("egg", baseDir: baseDir, systemDirectories) { break }
      let folder = try locate(wish, baseDir: baseDir, systemDirectories: systemDirectories)
      let file = try UnitFile.read(folder: folder, unit: wish.name, notices: &notices)
      let name = file?.name ?? Path.lastComponent(of: folder)
      if let place = upperFirst.firstIndex(where: { $0.directory == folder }) {
        let circle = upperFirst[place...].map(\.name) + [name]
        throw BootError(
          .framework, unit: wish.askedBy,
          "expected each framework once, found the circle \(circle.joined(separator: " → "))",
          file: wish.file, line: wish.line)
      }
      upperFirst.append(
        try LoadUnit(kind: .framework, name: name, folder: folder, file: file, host: host))
      next = file.flatMap { file in
        file.framework.map {
          Wish(
            name: $0, askedBy: name, file: file.path, line: file.frameworkLine, relativeTo: folder)
        }
      }
    }
    return (core.map { [$0] } ?? []) + upperFirst.reversed()
  }

  private struct Wish {
    let name: String
    let askedBy: String
    let file: String?
    let line: Int?
    let relativeTo: String
  }

  private static func first(
    baseDir: String, option: String?, variables: EnvironmentVariables
  ) throws(BootError) -> Wish? {
    if let option, !option.isEmpty {
      return Wish(name: option, askedBy: "app", file: nil, line: nil, relativeTo: baseDir)
    }
    if let name = variables.trimmed("EGG_FRAMEWORK") {
      return Wish(
        name: name, askedBy: "app", file: "EGG_FRAMEWORK", line: nil, relativeTo: baseDir)
    }
    // Slips in the application's egg.json were reported by `AppInfo.read`.
    var reported: [BootNotice] = []
    guard let file = try UnitFile.read(folder: baseDir, unit: "app", notices: &reported),
      let name = file.framework
    else { return nil }
    return Wish(
      name: name, askedBy: "app", file: file.path, line: file.frameworkLine, relativeTo: baseDir)
  }

  private static func locate(
    _ wish: Wish, baseDir: String, systemDirectories: [String]
  ) throws(BootError) -> String {
    let isPath = wish.name.hasPrefix("/") || wish.name.hasPrefix(".")
    let places =
      isPath
      ? [Path.join(wish.relativeTo, wish.name)]
      : places(of: wish.name, baseDir: baseDir, systemDirectories)
    for place in places where FileReader.kind(of: place) == .folder {
      if let real = Path.real(place) { return real }
    }
    throw BootError(
      .framework, unit: wish.askedBy,
      "cannot find the framework \"\(wish.name)\" in "
        + places.map { "\"\($0)\"" }.joined(separator: ", ")
        + "; install it, or correct its name",
      file: wish.file, line: wish.line)
  }

  private static func places(
    of name: String, baseDir: String, _ systemDirectories: [String]
  ) -> [String] {
    ["frameworks", ".egg/frameworks"].map { Path.join(baseDir, "\($0)/\(name)") }
      + systemDirectories.map { Path.join($0, name) }
  }

  private static func isInstalled(
    _ name: String, baseDir: String, _ systemDirectories: [String]
  ) -> Bool {
    places(of: name, baseDir: baseDir, systemDirectories).contains {
      FileReader.kind(of: $0) == .folder
    }
  }
}
