import EggKernel
import Glibc

extension CommandDescription {
  static let initialize = CommandDescription(
    path: ["init"], summary: "write a new application, plugin or framework",
    arguments: [
      .optional("DIR", "the new folder, whose last part is the name; this one without it")
    ],
    options: [
      .value("type", "TYPE", ProjectType.list),
      .flag("force", "write into a folder that is not empty; what exists stays"),
    ],
    notes: """
      On a terminal it asks for the type when none is said, and for another folder when the one that
      is said is not empty. Prints what to type next.
      """,
    run: runInitialize)
}

/// What `egg init` can write.
private enum ProjectType: String, CaseIterable {
  case simple, api, plugin, framework

  static let list = "simple, api, plugin or framework; simple without it"

  var summary: String {
    switch self {
    case .simple: "an application with one route"
    case .api: "an application that serves JSON"
    case .plugin: "a plugin in Swift"
    case .framework: "a framework on top of the default one"
    }
  }

  var template: Template {
    switch self {
    case .simple: .simpleApplication
    case .api: .apiApplication
    case .plugin:
      Template(
        files: Template.swiftPlugin + Template.pluginFiles(build: "egg build", test: "egg test"))
    case .framework: .framework
    }
  }

  /// What to type in the new folder, and what comes of it.
  var next: String {
    switch self {
    case .simple: "egg dev\n\nthen open http://127.0.0.1:7001; \"egg test\" runs the tests"
    case .api:
      "egg dev\n\nthen open http://127.0.0.1:7001/api/posts; \"egg test\" runs the tests"
    case .plugin, .framework:
      "egg test\n\nbuilds it and runs the tests; README.md says how an application uses it"
    }
  }
}

private func runInitialize(_ arguments: Arguments) throws {
  let type = try projectType(arguments.text("type"))
  let force = arguments.has("force")
  let folder = try freeFolder(arguments[0], force: force)
  let isHere = folder == "." && arguments[0] == nil
  let name = try UnitName(Path.lastComponent(of: isHere ? Path.currentFolder : folder))
  let egg = try Installation().requirePackage()
  try type.template.write(
    to: folder,
    filling: [
      ("@NAME@", name.text), ("@EGG@", egg), ("@KEYS@", "\(name.text)_\(randomKey())"),
      ("@MODULE@", name.module), ("@MEMBER@", name.member), ("@HEADER@", name.header),
      ("@TYPE@", name.type),
    ], force: force)
  let enter = isHere ? "" : "cd \(folder)\n  "
  Terminal.print("wrote \(isHere ? Path.currentFolder : folder)\n\n  \(enter)\(type.next)")
}

/// The folder that is said, or on a terminal another one when it is not empty.
private func freeFolder(_ stated: String?, force: Bool) throws -> String {
  var folder = stated ?? "."
  while isatty(0) == 1, !force, !Template.isFree(folder) {
    Terminal.note("\(stated == nil ? Path.currentFolder : folder) is not empty\nanother folder: ")
    guard let answer = readLine(), !answer.isEmpty else { break }
    folder = answer
  }
  return folder
}

/// - Throws: `UsageError` for a type that there is not.
private func projectType(_ stated: String?) throws -> ProjectType {
  var text = stated
  if text == nil, isatty(0) == 1 {
    let rows = ProjectType.allCases.map { ($0.rawValue, $0.summary) }
    Terminal.note(TextTable.aligned(rows, indentation: 2) + "type (simple): ")
    let answer = readLine() ?? ""
    text = answer.isEmpty ? nil : answer
  }
  guard let text else { return .simple }
  if let type = ProjectType(rawValue: text) { return type }
  let names = ProjectType.allCases.map(\.rawValue)
  throw UsageError(
    "expected --type \(names.joined(separator: "|")), found \"\(text)\"\(Suggestion.phrase(for: text, among: names))",
    .initialize)
}

/// 32 hexadecimal digits.
private func randomKey() -> String {
  var generator = SystemRandomNumberGenerator()
  return (0..<32).map { _ in String(Int.random(in: 0..<16, using: &generator), radix: 16) }.joined()
}

extension Installation {
  /// - Throws: `CommandFailure` when only the command is installed.
  func requirePackage() throws(CommandFailure) -> String {
    if let package { return package }
    throw CommandFailure(
      "the Swift package of Egg is not installed beside \(executable): expected share/egg; run make install in its sources"
    )
  }
}
