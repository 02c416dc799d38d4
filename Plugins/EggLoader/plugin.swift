import Foundation
import PackagePlugin

/// Runs EggLoaderTool for a unit: an application, a framework or a plugin in Swift.
///
/// The unit's folder is the folder of its target. Swift files of the conventions (`app.swift`,
/// `agent.swift`, `app/**`) that the target does not list as its own sources are compiled under names
/// of their own, because a Swift module cannot hold `app/controller/user.swift` and
/// `app/service/user.swift` under their one name: the first file of a name as a copy that gives its
/// place with `#sourceLocation`, the others as links, because the compiler warns when two places
/// share a file name.
@main
struct EggLoader: BuildToolPlugin {
  func createBuildCommands(context: PluginContext, target: any Target) throws -> [Command] {
    guard let target = target as? any SourceModuleTarget else {
      Diagnostics.error("EggLoader reads Swift: \(target.name) is no Swift target")
      return []
    }
    let unit = Unit(
      directory: target.directoryURL,
      compiled: target.sourceFiles.filter { $0.type == .source }.map(\.url))
    guard unit.checkNames(target: target.name) else { return [] }

    let work = context.pluginWorkDirectoryURL
    let output = work.appending(path: "EggUnit.swift")
    var arguments = [
      "--unit", unit.directory.path, "--name", target.name, "--output", output.path,
    ]
    var outputs = [output]
    var names = Set(unit.compiled.map(\.lastPathComponent))
    for file in unit.stagedShallowFirst {
      let isFirst = names.insert(file.split(separator: "/").last.map(String.init) ?? file).inserted
      let path = work.appending(path: "unit." + file.replacingOccurrences(of: "/", with: "."))
      arguments += [isFirst ? "--copy" : "--link", file, path.path]
      outputs.append(path)
    }
    // Templates, configuration and logs in the unit's folder are nothing that a build should warn of,
    // and SwiftPM holds its peace about files that a plugin takes.
    let data = target.sourceFiles.filter { $0.type == .unknown }.map(\.url.standardizedFileURL)
    var inputs = unit.inputs
    inputs += data.filter { !inputs.contains($0) }
    for plugin in usedPlugins(of: target) {
      arguments += ["--plugin", plugin.path]
      inputs.append(plugin)
    }
    return [
      .buildCommand(
        displayName: "Loading unit \(target.name)",
        executable: try context.tool(named: "EggLoaderTool").url,
        arguments: arguments, inputFiles: inputs, outputFiles: outputs)
    ]
  }

  /// `plugin.json` of the plugins whose client modules the unit imports: beside the client's sources
  /// or up to two folders above them.
  private func usedPlugins(of target: any SourceModuleTarget) -> [URL] {
    var found: [URL] = []
    for dependency in target.recursiveTargetDependencies {
      guard let module = dependency as? any SourceModuleTarget else { continue }
      var folder = module.directoryURL
      for _ in 0..<3 {
        let file = folder.appending(path: "plugin.json")
        if FileManager.default.fileExists(atPath: file.path) {
          if !found.contains(file) { found.append(file) }
          break
        }
        folder.deleteLastPathComponent()
      }
    }
    return found
  }
}

/// The files of one unit, as the build needs to know them before the tool has run.
private struct Unit {
  let directory: URL
  /// The target's own sources.
  let compiled: [URL]
  /// Relative paths of the files that the conventions know, sorted.
  let known: [String]
  /// Of these, the ones that the target does not compile by itself.
  let staged: [String]

  /// `app/controller/user.swift` rather than `app/controller/admin/user.swift` is the copy.
  var stagedShallowFirst: [String] {
    staged.map { (depth: $0.split(separator: "/").count, path: $0) }
      .sorted { ($0.depth, $0.path) < ($1.depth, $1.path) }.map(\.path)
  }

  init(directory: URL, compiled: [URL]) {
    self.directory = directory.standardizedFileURL
    self.compiled = compiled
    let root = self.directory.path.hasSuffix("/") ? self.directory.path : self.directory.path + "/"
    var known = ["agent.swift", "app.swift"].filter {
      FileManager.default.fileExists(atPath: root + $0)
    }
    Self.list("app", in: root, into: &known)
    self.known = known
    let own = Set(compiled.map { $0.standardizedFileURL.path })
    staged = known.filter { !own.contains(root + $0) }
  }

  /// Swift files below a folder, but neither hidden ones nor data that plugins serve.
  private static func list(_ folder: String, in root: String, into found: inout [String]) {
    if folder == "app/public" || folder == "app/view" { return }
    let names = (try? FileManager.default.contentsOfDirectory(atPath: root + folder)) ?? []
    for name in names.sorted() where !name.hasPrefix(".") {
      let path = "\(folder)/\(name)"
      var isFolder: ObjCBool = false
      guard FileManager.default.fileExists(atPath: root + path, isDirectory: &isFolder) else {
        continue
      }
      if isFolder.boolValue {
        list(path, in: root, into: &found)
      } else if name.hasSuffix(".swift") {
        found.append(path)
      }
    }
  }

  /// What makes the tool run again.
  var inputs: [URL] {
    let descriptions = ["plugin.json", "egg.json"].filter {
      FileManager.default.fileExists(atPath: directory.appending(path: $0).path)
    }
    return (known + descriptions).map { directory.appending(path: $0) }
  }

  /// Files that the target compiles by itself must differ in their names; SwiftPM's own message for
  /// it does not say what to do.
  func checkNames(target: String) -> Bool {
    var seen: [String: String] = [:]
    for path in known where !staged.contains(path) {
      let name = path.split(separator: "/").last.map(String.init) ?? path
      if let other = seen[name] {
        Diagnostics.error(
          "\(other) and \(path) have one file name, which a Swift module cannot hold: list only"
            + " \"app/router.swift\" in the `sources` of target \(target), the loader compiles the"
            + " rest of app/**",
          file: directory.appending(path: path).path, line: 1)
        return false
      }
      seen[name] = path
    }
    return true
  }
}
