import Egg

final class YadanBoot: Boot {
  /// The kernel finds the files of all units, in their order; how they are called is ours to say.
  override func register() throws {
    let remotes = app.remotes
    app.directory("app/remote", match: "*.json") { entries in
      for entry in entries { remotes.add(entry.relative) }
    }
  }
}
