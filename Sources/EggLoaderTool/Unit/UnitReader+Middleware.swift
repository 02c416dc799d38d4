/// Middlewares, and the files that other units receive.
extension UnitReader {
  /// - Parameter folder: below `app`, for a contributed directory (`["io"]`); its functions may carry
  ///   it in front of their name, because one module has one function of a name.
  mutating func readMiddleware(
    _ file: SourceFile, _ path: [String], folder: [String]
  ) -> Reference? {
    let name = path.last ?? ""
    var names = [name]
    for start in stride(from: path.count - 2, through: 0, by: -1) {
      names.append(joined(Array(path[start...])))
    }
    if !folder.isEmpty { names.append(joined(folder + path)) }
    let functions = distinct(
      file.declarations.filter { $0.kind == .function && names.contains($0.name) })
    let example = "func \(identifier(name))(_ options: Value, _ app: Application) -> Middleware"
    guard let function = functions.first else {
      let similar = file.declarations.first { $0.kind == .function && !$0.isHidden }
      report(
        file, similar ?? file.declarations.first,
        "\(file.relativePath) has no middleware: expected `\(example)`"
          + (similar.map { ", found `\(signature($0))`" } ?? ""))
      return nil
    }
    guard functions.count == 1 else {
      report(
        file, functions[1], "\(function.name) is there twice: expected one middleware to a file")
      return nil
    }
    guard checkVisible(function, file) else { return nil }
    let types = function.parameters.map { TypeTable.bareName($0.type) }
    let isRight =
      types.count <= 2 && (types.count < 2 || (types[1] == "Application" && types[0] != types[1]))
      && !function.isAsync && !function.isGeneric
      && function.type.map(TypeTable.bareName) == "Middleware"
    guard isRight else {
      report(
        file, function,
        "expected `\(example)`, found `\(signature(function))`",
        note: "the options, the application or both may be left away; options may be any Decodable"
          + " type; it may throw, but not wait")
      return nil
    }
    return Reference(
      expression: identifier(function.name), position: file.position(of: function.offset))
  }

  /// `["io", "auth"]` gives `ioAuth`.
  private func joined(_ parts: [String]) -> String {
    (parts.first ?? "") + parts.dropFirst().map(capitalized).joined()
  }

  // MARK: Contributed directories

  mutating func readExport(
    _ file: SourceFile, _ kind: ExportKind, folder: String, segments: [String]
  ) {
    if kind == .object {
      readObject(file, folder, segments)
      return
    }
    guard let path = claim(file, segments, in: folder) else { return }
    let content: UnitModel.Export.Content?
    switch kind {
    case .controller: content = readController(file, path).map { .controller($0) }
    case .middleware:
      let above = folder.split(separator: "/").dropFirst().dropLast().compactMap {
        propertyName(String($0))
      }
      content = readMiddleware(file, path, folder: above).map { .middleware($0) }
    case .schedule: content = readSchedule(file)
    case .functions: content = .functions(readFunctions(file))
    case .service, .object:
      let object = exportedObject(file)
      if object == nil {
        report(
          file, file.declarations.first,
          "\(file.relativePath) has nothing to hand over: expected `final class"
            + " \(capitalized(path.last ?? "")): ExportedObject`")
      }
      content = object.map { .object($0) }
    }
    if let content {
      add(
        UnitModel.Export(
          relativePath: file.relativePath, folder: folder, path: path, content: content))
    }
  }

  /// A file outside all conventions: handed over when it holds an object, else plain Swift.
  private mutating func readObject(_ file: SourceFile, _ folder: String, _ segments: [String]) {
    guard let object = exportedObject(file), let path = claim(file, segments, in: folder) else {
      return
    }
    add(
      UnitModel.Export(
        relativePath: file.relativePath, folder: folder, path: path, content: .object(object)))
  }

  private func exportedObject(_ file: SourceFile) -> Reference? {
    let found = file.declarations.first {
      $0.kind == .class && !$0.isHidden && !$0.isLocal && !$0.isGeneric
        && types.conforms($0.name, to: ["ExportedObject"])
    }
    return found.map {
      Reference(expression: identifier($0.name), position: file.position(of: $0.offset))
    }
  }

  // MARK: Schedules

  /// `class MyTask: Subscription`, or a type with a static `schedule` and a static `task`.
  private mutating func readSchedule(_ file: SourceFile) -> UnitModel.Export.Content? {
    let classes = distinct(file.declarations.filter { types.derives($0, from: "Subscription") })
    let candidates = file.declarations.filter {
      [.class, .struct, .enum].contains($0.kind) && hasMember($0, file, "task", .function, true)
    }
    guard classes.count <= 1, let type = classes.first ?? candidates.first else {
      report(
        file, classes.count > 1 ? classes[1] : file.declarations.first,
        "\(file.relativePath) must hold one task: expected `final class"
          + " \(capitalized(propertyName(file.stem) ?? "")): Subscription` with `static let schedule`"
          + " and `func subscribe()`, or an enum with `static let schedule` and `static func task(_"
          + " ctx: Context)`")
      return nil
    }
    guard checkVisible(type, file) else { return nil }
    let isClass = !classes.isEmpty
    let run = isClass ? "subscribe" : "task"
    if !hasMember(type, file, "schedule", .property, true) {
      report(
        file, type,
        "\(type.name) does not say when it runs: expected `static let schedule: Schedule = …`")
      return nil
    }
    if !hasMember(type, file, run, .function, !isClass) {
      report(file, type, "\(type.name) has nothing to run: expected `func \(run)() async throws`")
      return nil
    }
    let position = file.position(of: type.offset)
    let name = identifier(type.name)
    return .schedule(
      schedule: Reference(expression: "\(name).schedule", position: position),
      run: Reference(expression: "\(name).\(run)", position: position))
  }

  private func hasMember(
    _ type: Declaration, _ file: SourceFile, _ name: String, _ kind: Declaration.Kind,
    _ isStatic: Bool
  ) -> Bool {
    types.allMembers(of: type, in: file).contains { member, _, _ in
      member.name == name && member.kind == kind && member.isStatic == isStatic && !member.isHidden
    }
  }
}
