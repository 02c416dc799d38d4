/// The command line itself is wrong. Exit code 2.
struct UsageError: Error {
  let message: String
  /// Whose help to point at; nil for the list of commands.
  let command: CommandDescription?

  init(_ message: String, _ command: CommandDescription? = nil) {
    self.message = message
    self.command = command
  }
}

/// The command was understood and could not be done. Exit code 1.
struct CommandFailure: Error {
  let message: String

  init(_ message: String) { self.message = message }
}

/// What was to be shown is shown already; only the exit code is left. Exit code 1.
struct Finding: Error {}
