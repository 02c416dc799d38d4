import EggKernel

extension CommandDescription {
  static let pluginList = CommandDescription(
    path: ["plugin", "list"],
    summary: "list the plugins of an application, and why they are on or off",
    arguments: [.optional("DIR", "the application's folder")],
    options: [.env, .framework, .json],
    notes: "In load order. What a plugin adds is read from its manifest; nothing of it runs.",
    run: runPluginList)
}

private func runPluginList(_ arguments: Arguments) throws {
  let installation = Installation()
  installation.prepare(builds: [".build/debug", ".build/release"])
  let plan = try installation.plan(arguments[0] ?? ".", arguments)
  if arguments.printsJSON {
    Terminal.print(JSONWriter.text(json(plan.plugins), indentation: 2))
    return
  }
  for notice in plan.notices where notice.level == .warning { Terminal.warning(notice.text) }
  if plan.plugins.plugins.isEmpty {
    Terminal.print("no plugin is on (env \(plan.info.env))")
  } else {
    Terminal.print("on, in load order (env \(plan.info.env)):")
  }
  for (number, plugin) in plan.plugins.plugins.enumerated() {
    Terminal.print("\n\(number + 1). \(plugin.name)\(plugin.version.map { " \($0)" } ?? "")")
    Terminal.write(TextTable.aligned(facts(plugin), indentation: 3), to: 1)
  }
  guard !plan.plugins.absent.isEmpty else { return }
  Terminal.print("\noff:")
  let rows = plan.plugins.absent.map { ($0.0, $0.1) }
  Terminal.write(TextTable.aligned(rows, indentation: 3), to: 1)
}

private func facts(_ plugin: ResolvedPlugin) -> [(String, String)] {
  var rows = [("on", reason(plugin))]
  if let directory = plugin.directory { rows.append(("path", directory)) }
  if let library = plugin.library { rows.append(("library", library)) }
  if !plugin.dependencies.isEmpty {
    rows.append(("after", plugin.dependencies.joined(separator: ", ")))
  }
  rows += plugin.manifest.map(ManifestText.contributions) ?? []
  return rows
}

private func reason(_ plugin: ResolvedPlugin) -> String {
  guard plugin.implicitEnable else { return plugin.entry.enableFrom.description }
  return "needed by " + plugin.dependents.joined(separator: ", ")
}

private func json(_ plugins: PluginSet) -> ConfigValue {
  var list: [ConfigValue] = plugins.plugins.map { plugin in
    guard case .object(var object) = plugin.dump else { return plugin.dump }
    object["enabledBy"] = .string(reason(plugin))
    if let manifest = plugin.manifest { object["provides"] = ManifestText.provides(manifest) }
    return .object(object)
  }
  for (name, reason) in plugins.absent {
    list.append(["enable": false, "name": .string(name), "reason": .string(reason)])
  }
  return .array(list)
}
