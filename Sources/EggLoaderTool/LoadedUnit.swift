/// Everything the tool finds out about one unit.
struct LoadedUnit {
  let folder: UnitFolder
  let description: UnitDescription
  let model: UnitModel
  /// By file and line.
  let mistakes: [Mistake]
  /// Files that the compiler reads through a link: their own path and the link's.
  private let linkedPaths: [String: String]

  init(_ arguments: Arguments) {
    folder = UnitFolder(path: arguments.unit)
    var linkedPaths: [String: String] = [:]
    for file in arguments.staged where file.isLink {
      linkedPaths["\(folder.path)/\(file.relativePath)"] = file.path
    }
    self.linkedPaths = linkedPaths
    var found: [Mistake] = []
    var description = UnitDescription(kind: .application, name: arguments.name)
    // Kinds of directories: other plugins first, then the unit itself, then the command line.
    for plugin in arguments.plugins {
      guard let bytes = readFile(plugin) else { continue }
      var other = UnitDescription(kind: .plugin, name: "")
      // Its own build reports its mistakes.
      other.read(
        bytes, fileName: "plugin.json",
        position: { _ in SourcePosition(file: plugin, line: 1, column: 1) }, report: { _ in })
      description.conventions += other.conventions
    }
    for (fileName, kind) in [("plugin.json", UnitKind.plugin), ("egg.json", .application)] {
      let path = "\(folder.path)/\(fileName)"
      guard let bytes = readFile(path) else { continue }
      let file = SourceFile(relativePath: fileName, absolutePath: path, bytes: bytes, scan: false)
      description.kind = kind
      description.read(
        bytes, fileName: fileName, position: { file.position(of: $0) },
        report: { found.append($0) })
      break
    }
    if let kind = arguments.kind { description.kind = kind }
    description.conventions += arguments.conventions
    let reader = UnitReader(files: folder.files, conventions: description.conventions)
    found += reader.mistakes
    if description.kind == .plugin, let router = reader.model.routers.first,
      !description.others.contains(where: { $0.key == "routes" })
    {
      found.append(
        Mistake(
          position: router.position,
          message: "a plugin's routes stand below a prefix of its own: expected \"routes\":"
            + " {\"prefix\": \"/\(description.name)\"} in plugin.json"))
    }
    model = reader.model
    self.description = description
    mistakes = found.enumerated().sorted {
      ($0.element.position.file, $0.element.position.line, $0.offset)
        < ($1.element.position.file, $1.element.position.line, $1.offset)
    }.map(\.element)
  }

  /// The generated Swift file.
  var source: String { RegistryWriter.write(model, description, linkedPaths: linkedPaths) }

  /// A file of the unit as it is compiled under another file name: Swift refuses two files of one
  /// name in a module, and `controller/user.swift` beside `service/user.swift` is what Egg is like.
  /// Messages, `#filePath` and breakpoints still speak of the user's file.
  func stagedCopy(of relativePath: String) -> [UInt8]? {
    let path = "\(folder.path)/\(relativePath)"
    let known = folder.files.first { $0.relativePath == relativePath }?.bytes
    guard var bytes = known ?? readFile(path) else { return nil }
    if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes.removeFirst(3) }
    return Array("#sourceLocation(file: \(stringLiteral(path)), line: 1)\n".utf8) + bytes
  }
}
