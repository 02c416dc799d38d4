/// Writes the one Swift file of a unit: entry point, manifest, registration, typed trees.
///
/// What it calls in the SDK is `UnitEntry`, `UnitDeclaration`, `Action`, `ControllerActions`,
/// `MiddlewareFactory`, `MiddlewareTree`, `ContributedMiddleware` and `Context.service(_:)`.
struct RegistryWriter {
  private let model: UnitModel
  private let unit: UnitDescription
  private var writer = SourceWriter()

  /// - Parameter linkedPaths: for files that the compiler reads through a link, the link by path.
  /// - Returns: the whole file.
  static func write(
    _ model: UnitModel, _ unit: UnitDescription, linkedPaths: [String: String] = [:]
  ) -> String {
    var registry = RegistryWriter(model: model, unit: unit)
    registry.writer.linkedPaths = linkedPaths
    registry.write()
    return registry.writer.text
  }

  private init(model: UnitModel, unit: UnitDescription) {
    self.model = model
    self.unit = unit
  }

  private mutating func write() {
    writer.line(
      "// Written by EggLoader from the folders of \"\(unit.name)\". Changes here are lost.")
    writer.line("import Egg")
    for module in holderModules { writer.line("import \(module)") }
    writer.line()
    writer.line("@c(egg_plugin_entry_v1)")
    writer.line("public nonisolated func eggPluginEntry(")
    writer.line("  _ host: UnsafeRawPointer?, _ id: UnsafePointer<CChar>?")
    writer.line(") -> UnsafeRawPointer? {")
    writer.line("  UnitEntry.start(host, id) { unit in eggDeclareUnit(unit) }")
    writer.line("}")
    writer.line()
    writeManifestNote(manifestText(unit, model), into: &writer)
    writer.line()
    writeDeclaration()
    writeControllers()
    writeServices()
    writeMiddleware()
    writeExports()
  }

  // MARK: Registration

  private mutating func writeDeclaration() {
    writer.line("private func eggDeclareUnit(_ unit: UnitDeclaration) {")
    if let boot = model.boot { writer.line("  unit.boot(\(boot.expression))", at: boot.position) }
    if let agent = model.agentBoot {
      writer.line("  unit.agentBoot(\(agent.expression))", at: agent.position)
    }
    for router in model.routers {
      writer.line("  unit.router(\(router.expression))", at: router.position)
    }
    for item in model.middleware {
      let name = item.path.joined(separator: ".")
      writer.line("  unit.middleware(\(stringLiteral(name)), \(factoryName(item.path)))")
    }
    for item in model.controllers {
      writer.line("  unit.controller(\(typeName("Controllers", item.path))())")
    }
    for member in model.members { writeMember(member) }
    for item in model.exports { writeExport(item) }
    writer.line("}")
  }

  private mutating func writeMember(_ member: UnitModel.Member) {
    if let environment = member.environment {
      writer.line("  if unit.runs(in: \(stringLiteral(environment))) {")
    } else {
      // Where a file of the environment has the same name, that one counts.
      let others = model.members.filter {
        $0.target == member.target && $0.name == member.name && $0.environment != nil
      }
      if others.isEmpty { return writeRegistration(of: member) }
      let tests = others.map { "unit.runs(in: \(stringLiteral($0.environment ?? "")))" }
      writer.line("  if !(\(tests.joined(separator: " || "))) {")
    }
    writeRegistration(of: member)
    writer.line("  }")
  }

  private mutating func writeRegistration(of member: UnitModel.Member) {
    let name = stringLiteral(member.name)
    let code = identifier(member.declaration.name)
    if member.declaration.kind == .function {
      let body = callBody(member.declaration, "target.\(code)")
      writer.line(
        "  unit.method(\(member.target).self, \(name)) { target, args in \(body) }",
        at: member.position)
    } else {
      let setter =
        member.declaration.isSettable ? ", set: { $0.\(code) = try $1.decode() }" : ""
      writer.line(
        "  unit.property(\(member.target).self, \(name), get: { try .returning($0.\(code)) }\(setter))",
        at: member.position)
    }
  }

  /// One call, or a choice by the number of arguments when trailing parameters have defaults. On one
  /// line, so that all of it belongs to the user's line.
  private func callBody(_ function: Declaration, _ callee: String) -> String {
    let effects = function.isAsync ? "try await" : "try"
    func call(_ count: Int) -> String {
      let arguments = function.parameters.prefix(count).enumerated().map { index, parameter in
        (parameter.label.map { "\(identifier($0)): " } ?? "") + "args.get(\(index))"
      }
      return "\(effects) .returning(\(callee)(\(arguments.joined(separator: ", "))))"
    }
    let total = function.parameters.count
    let required = function.parameters.lastIndex { !$0.hasDefault }.map { $0 + 1 } ?? 0
    guard required < total else { return call(total) }
    var cases = "switch args.count { case ...\(required): \(call(required)); "
    for count in required + 1..<max(required + 1, total) {
      cases += "case \(count): \(call(count)); "
    }
    return cases + "default: \(call(total)) }"
  }

  private mutating func writeExport(_ item: UnitModel.Export) {
    let path = stringLiteral(item.relativePath)
    switch item.content {
    case .controller:
      writer.line("  unit.export(\(path), controller: \(typeName(root(item.folder), item.path))())")
    case .middleware(let function):
      writer.line(
        "  unit.export(\(path), middleware: MiddlewareFactory(\(function.expression)))",
        at: function.position)
    case .schedule(let schedule, let run):
      writer.line(
        "  unit.export(\(path), schedule: \(schedule.expression), \(run.expression))",
        at: run.position)
    case .object(let type):
      writer.line("  unit.export(\(path), object: { \(type.expression)() })", at: type.position)
    case .functions(let functions):
      writer.line("  unit.export(\(path), functions: { file in")
      if functions.isEmpty { writer.line("    _ = file") }
      for function in functions {
        let body = callBody(function.declaration, identifier(function.name))
        writer.line(
          "    file.function(\(stringLiteral(function.name))) { args in \(body) }",
          at: function.position)
      }
      writer.line("  })")
    }
  }

  // MARK: Trees

  private mutating func writeControllers() {
    let tree = TreeNode.root(model.controllers.map { ($0.path, $0.actions) })
    writer.line()
    writer.line("extension Application { var controller: Controllers { Controllers() } }")
    writeControllerTree(tree, root: "Controllers")
  }

  private mutating func writeControllerTree(_ tree: TreeNode<[ControllerAction]>, root: String) {
    for node in [tree] + tree.descendants {
      let type = typeName(root, node.path)
      for action in node.leaf ?? [] where action.isFree {
        writer.line(
          "private var \(freeName(root, node.path, action)): Action {"
            + " Action(\(actionName(node.path, action)), \(action.reference.expression)) }",
          at: action.reference.position)
      }
      writer.line("struct \(type)\(node.leaf == nil ? "" : ": @MainActor ControllerActions") {")
      for action in node.leaf ?? [] {
        let name = identifier(action.name)
        if action.isFree {
          writer.line("  var \(name): Action { \(freeName(root, node.path, action)) }")
        } else {
          writer.line(
            "  var \(name): Action { Action(\(actionName(node.path, action)),"
              + " \(action.reference.expression)) }", at: action.reference.position)
        }
      }
      if let actions = node.leaf {
        let names = actions.map { identifier($0.name) }.joined(separator: ", ")
        writer.line("  var actions: [Action] { [\(names)] }")
      }
      for child in node.children {
        writer.line("  var \(identifier(child.name)): \(typeName(root, child.path)) { .init() }")
      }
      writer.line("}")
    }
  }

  private func actionName(_ path: [String], _ action: ControllerAction) -> String {
    stringLiteral((path + [action.name]).joined(separator: "."))
  }

  private func freeName(_ root: String, _ path: [String], _ action: ControllerAction) -> String {
    typeName("action_\(root)", path + [action.name])
  }

  private mutating func writeServices() {
    let tree = TreeNode.root(model.services.map { ($0.path, $0.type) })
    writer.line()
    writer.line("extension Context { var service: Services { Services(ctx: self) } }")
    writer.line("extension ContextObject { var service: Services { ctx.service } }")
    for node in [tree] + tree.descendants where node.leaf == nil {
      writer.line("struct \(typeName("Services", node.path)) {")
      writer.line("  let ctx: Context")
      for child in node.children {
        let name = identifier(child.name)
        if let type = child.leaf {
          writer.line(
            "  var \(name): \(type.expression) { ctx.service(\(type.expression).self) }",
            at: type.position)
        } else {
          writer.line("  var \(name): \(typeName("Services", child.path)) { .init(ctx: ctx) }")
        }
      }
      writer.line("}")
    }
  }

  private mutating func writeMiddleware() {
    let tree = TreeNode.root(model.middleware.map { ($0.path, $0) })
    writer.line()
    writer.line("extension Application { var middleware: Middlewares { Middlewares(app: self) } }")
    for node in [tree] + tree.descendants where node.leaf == nil {
      // Names of other units are found by text, at the top only.
      if node.path.isEmpty { writer.line("@dynamicMemberLookup") }
      let conformance = node.path.isEmpty ? ": MiddlewareTree" : ""
      writer.line("struct \(typeName("Middlewares", node.path))\(conformance) {")
      writer.line("  let app: Application")
      for child in node.children {
        let name = identifier(child.name)
        if child.leaf != nil {
          writer.line("  func \(name)(_ options: Value = [:]) -> Handler {")
          writer.line(
            "    .middleware(\(stringLiteral(child.path.joined(separator: "."))), options, app,"
              + " \(factoryName(child.path)))")
          writer.line("  }")
        } else {
          writer.line("  var \(name): \(typeName("Middlewares", child.path)) { .init(app: app) }")
        }
      }
      writer.line("}")
    }
    for item in model.middleware {
      writer.line(
        "private var \(factoryName(item.path)): MiddlewareFactory {"
          + " MiddlewareFactory(\(item.function.expression)) }", at: item.function.position)
    }
  }

  /// A method of the tree hides the free function inside the tree, so the function has a second name.
  private func factoryName(_ path: [String]) -> String { typeName("make", path) }

  // MARK: Contributed directories

  /// `app/io/controller` gives `Exports_io_controller`.
  private func root(_ folder: String) -> String {
    typeName("Exports", folder.split(separator: "/").dropFirst().map(String.init))
  }

  private func convention(_ folder: String) -> Convention? {
    unit.conventions.last { $0.path == folder }
  }

  private var holderModules: [String] {
    var modules: [String] = []
    for folder in controllerFolders + middlewareFolders {
      if let module = convention(folder)?.module, !modules.contains(module) {
        modules.append(module)
      }
    }
    return modules
  }

  /// Folders with controllers, in the order of their files.
  private var controllerFolders: [String] {
    var folders: [String] = []
    for item in model.exports {
      if case .controller = item.content, !folders.contains(item.folder) {
        folders.append(item.folder)
      }
    }
    return folders
  }

  /// Contributed folders with middlewares, whose plugin has a place for them.
  private var middlewareFolders: [String] {
    var folders: [String] = []
    for item in model.exports {
      if case .middleware = item.content, convention(item.folder)?.holder != nil,
        !folders.contains(item.folder)
      {
        folders.append(item.folder)
      }
    }
    return folders
  }

  /// `app.io.middleware.auth`: the name as a value, so that a wrong one does not compile.
  private mutating func writeContributedMiddleware() {
    for folder in middlewareFolders {
      let tree = TreeNode.root(
        model.exports.filter { $0.folder == folder }.map { ($0.path, $0.path) })
      writer.line()
      for node in [tree] + tree.descendants where node.leaf == nil {
        writer.line("struct \(typeName(root(folder), node.path)) {")
        for child in node.children {
          let name = identifier(child.name)
          if let path = child.leaf {
            writer.line(
              "  var \(name): ContributedMiddleware {"
                + " .init(\(stringLiteral(path.joined(separator: ".")))) }")
          } else {
            writer.line("  var \(name): \(typeName(root(folder), child.path)) { .init() }")
          }
        }
        writer.line("}")
      }
      let name = folder.split(separator: "/").last.map(String.init) ?? ""
      if let holder = convention(folder)?.holder {
        writer.line(
          "extension \(holder) { var \(identifier(propertyName(name) ?? name)): \(root(folder)) {"
            + " .init() } }")
      }
    }
  }

  private mutating func writeExports() {
    writeContributedMiddleware()
    var loose: [(path: [String], leaf: String)] = []
    for folder in controllerFolders {
      var leaves: [(path: [String], leaf: [ControllerAction])] = []
      for item in model.exports where item.folder == folder {
        if case .controller(let actions) = item.content { leaves.append((item.path, actions)) }
      }
      writer.line()
      writeControllerTree(TreeNode.root(leaves), root: root(folder))
      let name = folder.split(separator: "/").last.map(String.init) ?? ""
      if let holder = convention(folder)?.holder {
        writer.line(
          "extension \(holder) { var \(identifier(propertyName(name) ?? name)): \(root(folder)) {"
            + " .init() } }")
      }
      loose.append((folder.split(separator: "/").dropFirst().map(String.init), root(folder)))
    }
    guard !loose.isEmpty else { return }
    // `app.exports.io.controller.nsp`, also where no plugin offers a place for it.
    writer.line()
    writer.line("extension Application { var exports: Exports { Exports() } }")
    let tree = TreeNode.root(loose)
    for node in [tree] + tree.descendants where node.leaf == nil {
      writer.line("struct \(typeName("Exports", node.path)) {")
      for child in node.children {
        let name = identifier(propertyName(child.name) ?? child.name)
        writer.line(
          "  var \(name): \(child.leaf ?? typeName("Exports", child.path)) { .init() }")
      }
      writer.line("}")
    }
  }
}
