/// The command line of the tool.
struct Arguments {
  var unit = ""
  var kind: UnitKind?
  var name = ""
  var output = ""
  var conventions: [Convention] = []
  /// `plugin.json` files of plugins that the unit uses; they say what their directories hold.
  var plugins: [String] = []
  /// Files of the unit that are compiled under another name.
  var staged: [StagedFile] = []

  static let usage = """
    usage: EggLoaderTool --unit DIR --name NAME --output FILE.swift
                         [--kind application|plugin|framework]
                         [--conventions FOLDER=KIND[@TYPE],…] [--plugin PLUGIN.JSON]…
                         [--copy FILE PATH]… [--link FILE PATH]…

    """

  /// - Throws: what is wrong, for the line above the usage.
  init(_ words: [String]) throws(UsageError) {
    var rest = words[...]
    func value(_ option: String) throws(UsageError) -> String {
      guard let next = rest.popFirst() else { throw UsageError("\(option) needs a value") }
      return next
    }
    while let option = rest.popFirst() {
      switch option {
      case "--unit": unit = try value(option)
      case "--name": name = try value(option)
      case "--output": output = try value(option)
      case "--plugin": plugins.append(try value(option))
      case "--copy", "--link":
        staged.append(
          StagedFile(
            relativePath: try value(option), path: try value(option), isLink: option == "--link"))
      case "--kind":
        let text = try value(option)
        guard let kind = UnitKind(rawValue: text) else { throw UsageError("unknown kind \(text)") }
        self.kind = kind
      case "--conventions":
        for item in try value(option).split(separator: ",") {
          conventions.append(try Self.convention(String(item)))
        }
      default:
        throw UsageError("unknown option \(option)")
      }
    }
    if unit.isEmpty || name.isEmpty || output.isEmpty {
      throw UsageError("--unit, --name and --output are needed")
    }
  }

  /// `app/io/controller=controller` or `app/io/controller=controller@IO`.
  private static func convention(_ text: String) throws(UsageError) -> Convention {
    let parts = text.split(separator: "=", omittingEmptySubsequences: false)
    let right = (parts.last ?? "").split(separator: "@")
    guard parts.count == 2, !parts[0].isEmpty, let kind = right.first.map(String.init),
      let known = ExportKind(rawValue: kind)
    else { throw UsageError("expected FOLDER=KIND, found \(text)") }
    return Convention(
      path: String(parts[0]), kind: known, holder: right.count > 1 ? String(right[1]) : nil,
      module: nil)
  }
}

/// A file of the unit, and the path under which the compiler reads it.
struct StagedFile: Equatable {
  var relativePath: String
  var path: String
  /// A symbolic link; else a copy that says where it comes from.
  var isLink: Bool
}

struct UsageError: Error {
  var message: String
  init(_ message: String) { self.message = message }
}
