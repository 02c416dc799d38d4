/// Controllers and services: one class to a file.
extension UnitReader {
  /// The actions of a controller file; nil after a mistake.
  ///
  /// A class deriving from `Controller`; else one deriving from `WebSocketController`, whose one
  /// action is `connect`; else a type with static functions; else free functions.
  mutating func readController(_ file: SourceFile, _ path: [String]) -> [ControllerAction]? {
    let classes = distinct(file.declarations.filter { types.derives($0, from: "Controller") })
    if classes.count > 1 {
      reportSecond(file, classes, base: "Controller")
      return nil
    }
    if let controller = classes.first {
      guard checkVisible(controller, file) else { return nil }
      return readActions(of: controller, file)
    }
    let sockets = distinct(
      file.declarations.filter { types.derives($0, from: "WebSocketController") })
    if sockets.count > 1 {
      reportSecond(file, sockets, base: "WebSocketController")
      return nil
    }
    if let socket = sockets.first {
      guard checkVisible(socket, file) else { return nil }
      return [
        ControllerAction(
          name: "connect",
          reference: Reference(
            expression: "socket: \(identifier(socket.name)).self",
            position: file.position(of: socket.offset)))
      ]
    }
    let modules = distinct(file.declarations.filter(holdsStaticActions))
    if modules.count > 1 {
      report(
        file, modules[1],
        "\(file.relativePath) holds two controllers, \(modules[0].name) and \(modules[1].name):"
          + " expected one to a file")
      return nil
    }
    if let module = modules.first {
      guard checkVisible(module, file) else { return nil }
      return readStaticActions(of: module, file)
    }
    let functions = distinct(file.declarations.filter { $0.kind == .function && isAction($0) })
    if !functions.isEmpty { return readFreeActions(functions, file) }
    let name = capitalized(path.last ?? "")
    report(
      file, file.declarations.first,
      "\(file.relativePath) has no controller: expected `final class \(name)Controller: Controller`"
    )
    return nil
  }

  mutating func readService(_ file: SourceFile, _ path: [String]) -> Reference? {
    let classes = distinct(file.declarations.filter { types.derives($0, from: "Service") })
    guard let service = classes.first else {
      let name = capitalized(path.last ?? "")
      report(
        file, file.declarations.first,
        "\(file.relativePath) has no service: expected `final class \(name)Service: Service`")
      return nil
    }
    guard classes.count == 1 else {
      reportSecond(file, classes, base: "Service")
      return nil
    }
    guard checkVisible(service, file) else { return nil }
    if service.isGeneric {
      report(file, service, "a service is made by Egg, so \(service.name) cannot be generic")
      return nil
    }
    return Reference(
      expression: identifier(service.name), position: file.position(of: service.offset))
  }

  private mutating func reportSecond(
    _ file: SourceFile, _ classes: [Declaration], base: String
  ) {
    report(
      file.position(of: classes[1].offset),
      "\(file.relativePath) holds two classes deriving from \(base), \(classes[0].name) and"
        + " \(classes[1].name): expected one to a file",
      notes: [.init(position: file.position(of: classes[0].offset), message: "the first is here")])
  }

  // MARK: Actions

  private mutating func readActions(
    of controller: Declaration, _ file: SourceFile
  ) -> [ControllerAction] {
    if controller.isGeneric {
      report(
        file, controller, "a controller is made by Egg, so \(controller.name) cannot be generic")
      return []
    }
    var actions: [ControllerAction] = []
    for (method, methodFile, isOwn) in types.allMembers(of: controller, in: file) {
      guard method.kind == .function, !method.isStatic, isAction(method) else { continue }
      let position = methodFile.position(of: method.offset)
      let types = method.parameters.map { TypeTable.bareName($0.type) }
      if method.parameters.first?.name == "next" {
        report(
          position,
          "the first parameter of \(controller.name).\(method.name) is called next, but a"
            + " controller's action ends the chain: a function of `next` belongs into app/middleware"
        )
        continue
      }
      guard types.isEmpty || (types == ["Context"] && method.parameters[0].label == nil) else {
        // What subclasses share may take parameters: it is a helper, not an action.
        if isOwn {
          report(
            position,
            "\(controller.name).\(method.name) takes parameters, but an action takes none",
            notes: [
              .init(
                position: nil,
                message: "read `ctx`; mark a helper `private`, or put it into a service or a base"
                  + " class")
            ])
        }
        continue
      }
      guard checkName(of: method, position, among: actions) else { continue }
      actions.append(
        ControllerAction(
          name: method.name,
          reference: Reference(
            expression: "\(identifier(controller.name)).\(identifier(method.name))",
            position: isOwn ? position : file.position(of: controller.offset))))
    }
    return actions
  }

  private func holdsStaticActions(_ declaration: Declaration) -> Bool {
    guard [.enum, .struct, .class].contains(declaration.kind), !declaration.isGeneric else {
      return false
    }
    return members(of: declaration).contains {
      $0.kind == .function && $0.isStatic && isAction($0)
        && $0.parameters.first.map { TypeTable.bareName($0.type) } == "Context"
    }
  }

  private func members(of declaration: Declaration) -> [Declaration] {
    types.entries[declaration.name]?.members.map(\.declaration) ?? declaration.members
  }

  private mutating func readStaticActions(
    of module: Declaration, _ file: SourceFile
  ) -> [ControllerAction] {
    var actions: [ControllerAction] = []
    for (method, methodFile, _) in types.allMembers(of: module, in: file) {
      guard method.kind == .function, method.isStatic, isAction(method) else { continue }
      let position = methodFile.position(of: method.offset)
      guard checkContextParameters(method, position),
        checkName(of: method, position, among: actions)
      else { continue }
      actions.append(
        ControllerAction(
          name: method.name,
          reference: Reference(
            expression: "\(identifier(module.name)).\(identifier(method.name))",
            position: position)))
    }
    return actions
  }

  private mutating func readFreeActions(
    _ functions: [Declaration], _ file: SourceFile
  ) -> [ControllerAction] {
    var actions: [ControllerAction] = []
    for function in functions {
      let position = file.position(of: function.offset)
      guard checkContextParameters(function, position),
        checkName(of: function, position, among: actions)
      else { continue }
      actions.append(
        ControllerAction(
          name: function.name,
          reference: Reference(expression: identifier(function.name), position: position),
          isFree: true))
    }
    return actions
  }

  /// `(_ ctx: Context)` or `(_ ctx: Context, _ next: Next)`.
  private mutating func checkContextParameters(
    _ function: Declaration, _ position: SourcePosition
  ) -> Bool {
    let types = function.parameters.map { TypeTable.bareName($0.type) }
    if types == ["Context"] || types == ["Context", "Next"] { return true }
    if function.parameters.first?.name == "next" {
      report(
        position,
        "the first parameter of \(function.name) is called next, but an action's is its context")
    } else {
      report(
        position,
        "expected an action `func \(function.name)(_ ctx: Context)`, found `\(signature(function))`",
        notes: [.init(position: nil, message: "mark it `private` if it is none")])
    }
    return false
  }

  private mutating func checkName(
    of method: Declaration, _ position: SourcePosition, among actions: [ControllerAction]
  ) -> Bool {
    if method.name == "actions" {
      report(position, "\"actions\" is no name for an action: Egg uses it itself")
      return false
    }
    guard let other = actions.first(where: { $0.name == method.name }) else { return true }
    if !method.isConditional {
      report(
        position, "the action \(method.name) is there twice",
        notes: [.init(position: other.reference.position, message: "the other one is here")])
    }
    return false
  }

  /// Neither hidden nor generic nor marked as no action.
  private func isAction(_ function: Declaration) -> Bool {
    !function.isHidden && !function.isGeneric && !function.isLocal
      && !function.name.hasPrefix("_")
  }
}
