import EggKernel

extension CommandDescription {
  static let inspectMiddleware = CommandDescription(
    path: ["inspect", "middleware"], summary: "list the middlewares in the order in which they run",
    arguments: [.optional("DIR", "the application's folder")],
    options: [.env, .framework, .json],
    notes: """
      From the outside in, each with the unit that offers it and the place that put it into the list.
      """,
    run: { arguments in
      try LoadedApplication.inspect(arguments[0] ?? ".", arguments) { application, print in
        print(Middlewares(application).text(asJSON: arguments.printsJSON))
      }
    })

  static let inspectExtensions = CommandDescription(
    path: ["inspect", "extensions"],
    summary: "list what units add to Application, Context, Helper …",
    arguments: [.optional("DIR", "the application's folder")],
    options: [.env, .framework, .json],
    run: { arguments in
      try LoadedApplication.inspect(arguments[0] ?? ".", arguments) { application, print in
        print(extensions(application, asJSON: arguments.printsJSON))
      }
    })

  static let inspectUnits = CommandDescription(
    path: ["inspect", "units"],
    summary: "list plugins, frameworks and the application in load order",
    arguments: [.optional("DIR", "the application's folder")],
    options: [.env, .framework, .json],
    notes: "Only files are read; nothing of the application runs.",
    run: runInspectUnits)
}

/// The onion, and who put each layer there.
private struct Middlewares {
  private let layers: [(name: String, unit: String, isFiltered: Bool, place: String)]
  private let unused: [(name: String, unit: String)]

  init(_ application: Application) {
    let config = application.configuration
    let core = Set(config.value(at: "coreMiddleware")?.strings ?? [])
    layers = application.onion.map { layer in
      let list = core.contains(layer.name) ? "coreMiddleware" : "middleware"
      let writer = config.writers(of: list).last
      let place = writer.map { $0.line > 0 ? "\($0.file):\($0.line)" : $0.file } ?? ""
      return (layer.name, layer.unit, layer.isFiltered, place)
    }
    unused = application.unusedMiddlewares
  }

  func text(asJSON: Bool) -> String {
    if asJSON { return JSONWriter.text(json, indentation: 2) }
    var lines = TextTable.lines(
      layers.enumerated().map { number, layer in
        [
          "\(number + 1).", layer.name, layer.unit, layer.place,
          layer.isFiltered ? "some paths" : "",
        ]
      })
    if lines.isEmpty { lines = ["no middleware runs"] }
    if !unused.isEmpty {
      lines.append("\noffered, in no list:")
      lines += TextTable.lines(unused.map { [$0.name, $0.unit] }, indentation: 2)
    }
    return lines.joined(separator: "\n")
  }

  private var json: ConfigValue {
    let running: [ConfigValue] = layers.map {
      [
        "name": .string($0.name), "owner": .string($0.unit), "source": .string($0.place),
        "filtered": .bool($0.isFiltered), "runs": true,
      ]
    }
    let offered: [ConfigValue] = unused.map {
      ["name": .string($0.name), "owner": .string($0.unit), "runs": false]
    }
    return .array(running + offered)
  }
}

private func extensions(_ application: Application, asJSON: Bool) -> String {
  let members = application.extensions
  if asJSON {
    let list: [ConfigValue] = members.map {
      [
        "target": .string($0.target), "name": .string($0.name),
        "kind": .string($0.isMethod ? "method" : "property"), "owner": .string($0.unit),
      ]
    }
    return JSONWriter.text(.array(list), indentation: 2)
  }
  if members.isEmpty { return "no unit adds anything" }
  return TextTable.lines(
    members.map { ["\($0.target).\($0.name)\($0.isMethod ? "()" : "")", $0.unit] }
  ).joined(separator: "\n")
}

private func runInspectUnits(_ arguments: Arguments) throws {
  let installation = Installation()
  installation.prepare(builds: [".build/debug", ".build/release"])
  let plan = try installation.plan(arguments[0] ?? ".", arguments)
  if arguments.printsJSON {
    let list: [ConfigValue] = plan.units.map { unit in
      var object: ConfigObject = [
        "name": .string(unit.name), "kind": .string(unit.kind.rawValue),
      ]
      if let version = unit.version { object["version"] = .string(version) }
      if let directory = unit.directory { object["path"] = .string(directory) }
      if let library = unit.library { object["library"] = .string(library) }
      return .object(object)
    }
    return Terminal.print(JSONWriter.text(.array(list), indentation: 2))
  }
  let rows = plan.units.enumerated().map { number, unit in
    [
      "\(number + 1).", unit.kind.rawValue, unit.name, unit.version ?? "",
      unit.library ?? unit.directory ?? "built in",
    ]
  }
  Terminal.print(TextTable.lines(rows).joined(separator: "\n"))
}
