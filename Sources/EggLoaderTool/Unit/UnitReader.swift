/// Reads the conventions: files in, model and mistakes out.
///
/// A file that is broken as Swift is passed over; the compiler reports it.
struct UnitReader {
  let types: TypeTable
  let conventions: [Convention]
  private(set) var model = UnitModel()
  private(set) var mistakes: [Mistake] = []
  /// Property path to the file that holds it, for each tree.
  private var owners: [String: SourceFile] = [:]

  init(files: [SourceFile], conventions: [Convention]) {
    types = TypeTable(files)
    self.conventions = conventions
    // Routers of a folder come before app/router.swift, which may rely on their names.
    let inOrder =
      files.filter { $0.relativePath != "app/router.swift" }
      + files.filter { $0.relativePath == "app/router.swift" }
    for file in inOrder where !file.isBroken { read(file) }
    checkFoldersBesideFiles()
  }

  private mutating func read(_ file: SourceFile) {
    let placement = Placement(file.relativePath, conventions: conventions)
    switch placement.role {
    case .boot: readBoot(file, base: "Boot", function: "app", parameter: "Application")
    case .agentBoot: readBoot(file, base: "AgentBoot", function: "agent", parameter: "Agent")
    case .router: readRouter(file)
    case .extend(let name): readExtend(file, name)
    case .plain: break
    case .controller:
      guard let path = claim(file, placement.segments, in: "controller") else { return }
      if let actions = readController(file, path) {
        model.controllers.append(
          .init(path: path, actions: actions, position: file.position(of: 0)))
      }
    case .service:
      guard let path = claim(file, placement.segments, in: "service") else { return }
      if let type = readService(file, path) { model.services.append(.init(path: path, type: type)) }
    case .middleware:
      guard let path = claim(file, placement.segments, in: "middleware") else { return }
      if let function = readMiddleware(file, path, folder: []) {
        model.middleware.append(.init(path: path, function: function))
      }
    case .export(let kind, let folder):
      readExport(file, kind, folder: folder, segments: placement.segments)
    }
  }

  mutating func report(_ position: SourcePosition, _ message: String, notes: [Mistake.Note] = []) {
    mistakes.append(Mistake(position: position, message: message, notes: notes))
  }

  mutating func report(
    _ file: SourceFile, _ declaration: Declaration?, _ message: String, note: String? = nil
  ) {
    let position = file.position(of: declaration?.offset ?? 0)
    report(position, message, notes: note.map { [.init(position: nil, message: $0)] } ?? [])
  }

  // MARK: Names

  /// The property path of a file; nil after a mistake in a segment or a clash with another file.
  mutating func claim(_ file: SourceFile, _ segments: [String], in tree: String) -> [String]? {
    var path: [String] = []
    for segment in segments {
      guard let name = propertyName(segment) else {
        report(
          file, nil,
          "\"\(segment)\" cannot become a property: a file or folder name here is letters, digits,"
            + " \"_\" and \"-\", starting with a letter")
        return nil
      }
      path.append(name)
    }
    let key = "\(tree).\(path.joined(separator: "."))"
    if let other = owners[key] {
      report(
        file.position(of: 0),
        "\"\(key)\" is defined by \(other.relativePath) already; \(file.relativePath) has the same"
          + " name once \"_\" and \"-\" are gone",
        notes: [.init(position: other.position(of: 0), message: "the other file is here")])
      return nil
    }
    owners[key] = file
    return path
  }

  /// `service/user.swift` beside `service/user/…`: the folder would have to be a member of the class.
  private mutating func checkFoldersBesideFiles() {
    for (key, folder) in [("service", "app/service"), ("middleware", "app/middleware")] {
      let paths = key == "service" ? model.services.map(\.path) : model.middleware.map(\.path)
      for path in paths {
        guard let inside = paths.first(where: { $0.count > path.count && $0.starts(with: path) }),
          let file = owners["\(key).\(path.joined(separator: "."))"],
          let other = owners["\(key).\(inside.joined(separator: "."))"]
        else { continue }
        report(
          file.position(of: 0),
          "\"\(path.joined(separator: "."))\" is both a file and a folder of \(folder); rename one",
          notes: [.init(position: other.position(of: 0), message: "a file of the folder is here")])
      }
    }
    let reserved: [(String, [[String]], [String])] = [
      ("service", model.services.map(\.path), ["ctx"]),
      ("middleware", model.middleware.map(\.path), ["app"]),
      ("controller", model.controllers.map(\.path), ["actions"]),
    ]
    for (tree, paths, names) in reserved {
      for path in paths {
        guard let name = path.first(where: names.contains),
          let file = owners["\(tree).\(path.joined(separator: "."))"]
        else { continue }
        report(file.position(of: 0), "\"\(name)\" is no name for a \(tree): Egg uses it itself")
      }
    }
  }

  // MARK: app.swift, agent.swift, router.swift

  private mutating func readBoot(
    _ file: SourceFile, base: String, function: String, parameter: String
  ) {
    guard !file.declarations.isEmpty else { return }
    let classes = file.declarations.filter { types.derives($0, from: base) }
    let functions = file.declarations.filter { $0.kind == .function && $0.name == function }
    let found = distinct(classes) + distinct(functions)
    if found.count > 1 {
      report(
        file, found[1],
        "\(file.relativePath) starts twice: expected one class deriving from \(base), or one func"
          + " \(function)")
      return
    }
    guard let declaration = found.first else {
      report(
        file, file.declarations.first,
        "\(file.relativePath) has no start: expected `final class \(capitalized(function))Boot:"
          + " \(base)` or `func \(function)(_ \(function): \(parameter))`")
      return
    }
    guard checkVisible(declaration, file) else { return }
    if declaration.kind == .function {
      guard checkSignature(declaration, file, function, [parameter]) else { return }
    }
    let name = identifier(declaration.name)
    let reference = Reference(
      expression: declaration.kind == .class ? "\(name).self" : name,
      position: file.position(of: declaration.offset))
    if base == "Boot" { model.boot = reference } else { model.agentBoot = reference }
  }

  private mutating func readRouter(_ file: SourceFile) {
    guard !file.declarations.isEmpty else { return }
    guard let name = propertyName(file.stem) else {
      report(file, nil, "\"\(file.stem)\" cannot become the name of a function")
      return
    }
    let functions = distinct(
      file.declarations.filter { $0.kind == .function && $0.name == name })
    guard let declaration = functions.first else {
      report(
        file, file.declarations.first,
        "\(file.relativePath) has no router: expected `func \(name)(_ app: Application)`")
      return
    }
    guard checkVisible(declaration, file),
      checkSignature(declaration, file, name, ["Application"])
    else { return }
    model.routers.append(
      Reference(
        expression: identifier(name), position: file.position(of: declaration.offset)))
  }

  private mutating func checkSignature(
    _ function: Declaration, _ file: SourceFile, _ name: String, _ parameters: [String]
  ) -> Bool {
    let found = function.parameters.map { TypeTable.bareName($0.type) }
    if found == parameters, !function.isAsync, function.type == nil { return true }
    let list = parameters.map { "_ \($0 == "Application" ? "app" : "agent"): \($0)" }
    report(
      file, function,
      "expected `func \(name)(\(list.joined(separator: ", ")))`, found"
        + " `\(signature(function))`")
    return false
  }

  // MARK: Shared checks

  /// False, with a mistake, when the generated file could not see the declaration.
  mutating func checkVisible(_ declaration: Declaration, _ file: SourceFile) -> Bool {
    guard declaration.isHidden else { return true }
    report(
      file, declaration,
      "\(declaration.name) is private, but the loader must reach it: leave the access away")
    return false
  }

  /// Conditional declarations of one name are alternatives.
  func distinct(_ declarations: [Declaration]) -> [Declaration] {
    var result: [Declaration] = []
    for declaration in declarations {
      let isAlternative =
        declaration.isConditional
        && result.contains {
          $0.isConditional && $0.name == declaration.name && $0.kind == declaration.kind
        }
      if !isAlternative { result.append(declaration) }
    }
    return result
  }

  mutating func add(_ export: UnitModel.Export) { model.exports.append(export) }
  mutating func add(_ member: UnitModel.Member) { model.members.append(member) }
}

/// A function as messages show it: `func find(id: Int) async -> User`.
func signature(_ function: Declaration) -> String {
  let parameters = function.parameters.map { parameter in
    let label = parameter.label ?? "_"
    let names = label == parameter.name ? label : "\(label) \(parameter.name)"
    return "\(names): \(parameter.type)"
  }
  return "func \(identifier(function.name))(\(parameters.joined(separator: ", ")))"
    + (function.isAsync ? " async" : "") + (function.isThrowing ? " throws" : "")
    + (function.type.map { " -> \($0)" } ?? "")
}
