import EggKernel
import Glibc

/// The `egg` command: finds the command that the first words name, and runs it.
///
/// Exit codes: 0 it is done, 1 it could not be done, 2 the command line is wrong.
@main
struct EggCommand {
  static func main() {
    let words = CommandLine.arguments.dropFirst()
    do {
      try run(words)
      exit(0)
    } catch let error as UsageError {
      Terminal.error(error.message)
      if let command = error.command {
        Terminal.note("usage: \(command.usage)\nmore:  egg \(command.name) --help")
      } else {
        Terminal.note("more:  egg --help")
      }
      exit(2)
    } catch let error as BootError {
      Terminal.error(error.description)
    } catch let error as CommandFailure {
      Terminal.error(error.message)
    } catch is Finding {
      // Told already.
    } catch {
      Terminal.error("\(error)")
    }
    exit(1)
  }

  private static func run(_ words: ArraySlice<String>) throws {
    guard let first = words.first else {
      Terminal.write(CommandList.help, to: 2)
      exit(2)
    }
    switch first {
    case "--help", "-h":
      return Terminal.write(CommandList.help, to: 1)
    case "help":
      return try help(words.dropFirst())
    case "--version", "-v", "version":
      return Terminal.print("egg \(EggVersion.text)")
    default: break
    }
    let (command, rest) = try CommandList.find(words)
    guard let command else { return Terminal.write(CommandList.help(of: first), to: 1) }
    let arguments = try Arguments(rest, for: command)
    if arguments.wantsHelp { return Terminal.write(command.help, to: 1) }
    try command.run(arguments)
  }

  private static func help(_ words: ArraySlice<String>) throws {
    if words.isEmpty { return Terminal.write(CommandList.help, to: 1) }
    let (command, _) = try CommandList.find(words + ["--help"])
    Terminal.write(command?.help ?? CommandList.help(of: words.first ?? ""), to: 1)
  }
}
