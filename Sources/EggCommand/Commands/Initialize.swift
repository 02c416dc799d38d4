import EggKernel
import Glibc

extension CommandDescription {
  static let initialize = CommandDescription(
    path: ["init"], summary: "write a new application",
    arguments: [.required("NAME", "the application's name, or a path that ends in it")],
    options: [.value("type", "TYPE", "simple: one route, one controller")],
    notes: "Prints what to type next.",
    run: runInitialize)
}

private func runInitialize(_ arguments: Arguments) throws {
  let types = ["simple"]
  let type = arguments.text("type") ?? "simple"
  guard types.contains(type) else {
    throw UsageError(
      "expected --type \(types.joined(separator: " or ")), found \"\(type)\"", .initialize)
  }
  let folder = arguments[0] ?? ""
  let name = try UnitName(Path.lastComponent(of: folder))
  let egg = try Installation().requirePackage()
  try Template.simpleApplication.write(
    to: folder,
    filling: [("@NAME@", name.text), ("@EGG@", egg), ("@KEYS@", "\(name.text)_\(randomKey())")])
  Terminal.print(
    """
    wrote \(folder)

      cd \(folder)
      egg dev

    then open http://127.0.0.1:7001
    """)
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
