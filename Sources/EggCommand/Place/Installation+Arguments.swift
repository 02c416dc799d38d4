import EggKernel

extension Installation {
  /// The plan for what a command line asks for: `--env`, `--framework`.
  ///
  /// - Throws: `BootError` for whatever is wrong with the application's files.
  func plan(_ folder: String, _ arguments: Arguments) throws(BootError) -> LoadPlan {
    try plan(folder, env: arguments.text("env"), framework: arguments.text("framework"))
  }
}
