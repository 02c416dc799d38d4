import EggKernel

/// All commands, in the order in which the help shows them.
enum CommandList {
  static let all: [CommandDescription] = [
    .initialize, .dev, .test, .coverage, .start, .stop, .reload, .status, .build, .lint,
    .pluginList, .pluginInspect, .pluginCheck, .pluginTorment, .pluginNew,
    .inspectConfig, .inspectRoutes, .inspectMiddleware, .inspectExtensions, .inspectUnits,
    .inspectTiming, .inspectSchedule, .clusterProcess,
  ]

  /// - Returns: the command and the words after its name; no command when `--help` is asked for a
  ///   group such as `egg plugin`.
  /// - Throws: `UsageError` with the command that was probably meant.
  static func find(
    _ words: ArraySlice<String>
  ) throws(UsageError) -> (CommandDescription?, ArraySlice<String>) {
    let first = words.first ?? ""
    if let command = all.first(where: { $0.path == [first] }) {
      return (command, words.dropFirst())
    }
    let group = all.filter { $0.path[0] == first }
    guard !group.isEmpty else {
      let names = all.filter { !$0.isInternal }.map { $0.path[0] } + ["help", "version"]
      throw UsageError(
        "\"\(first)\" is no command of egg\(Suggestion.phrase(for: first, among: names))")
    }
    let names = group.map { $0.path[1] }
    guard let second = words.dropFirst().first else {
      throw UsageError(
        "\"egg \(first)\" is one of: \(names.map { "egg \(first) \($0)" }.joined(separator: ", "))")
    }
    if second == "--help" || second == "-h" || second == "help" { return (nil, []) }
    guard let command = group.first(where: { $0.path[1] == second }) else {
      throw UsageError(
        "\"\(second)\" is no command of \"egg \(first)\"\(Suggestion.phrase(for: second, among: names)); known are \(names.joined(separator: ", "))"
      )
    }
    return (command, words.dropFirst(2))
  }

  static var help: String {
    "egg \(EggVersion.text)\n\nusage: egg COMMAND [arguments] [options]\n\n"
      + TextTable.aligned(
        all.filter { !$0.isInternal }.map { ($0.name, $0.summary) }, indentation: 2) + """

        egg COMMAND --help says more about one. DIR is the application's folder, "." without it.
        Exit codes: 0 done, 1 could not be done, 2 the command line is wrong.

        """
  }

  static func help(of group: String) -> String {
    let commands = all.filter { $0.path[0] == group }
    return "usage: egg \(group) COMMAND [arguments] [options]\n\n"
      + TextTable.aligned(commands.map { ($0.name, $0.summary) }, indentation: 2)
  }
}
