import EggKernel
import Glibc
import PluginABI

extension CommandDescription {
  static let lint = CommandDescription(
    path: ["lint"],
    summary: "check every template without rendering it",
    arguments: [.optional("DIR", "the application's folder")],
    options: [.env, .framework, .json],
    notes: """
      Loads the application up to ready, without listening, and asks the engine of each template in
      app/view of every unit: mistakes in the language, unknown filters and tests, templates that are
      included, extended or imported and do not exist. Exit code 1 when it finds something.
      """,
    run: { arguments in
      try LoadedApplication.inspect(arguments[0] ?? ".", arguments) { application, print in
        guard let report = LintReport(application) else {
          Terminal.error(
            "egg lint: nobody can check templates; enable the plugin view in config/plugin.json")
          exit(1)
        }
        if arguments.printsJSON {
          print(JSONWriter.text(report.json, indentation: 2))
        } else {
          print(report.text)
        }
        if !report.findings.isEmpty { exit(1) }
      }
    })
}

/// What the engines of an application have to say about its templates.
private struct LintReport {
  struct Finding {
    let file: String
    let line: Int
    let column: Int
    let message: String
  }

  /// Filled in by the engines while `view` asks them.
  private final class Collection {
    var findings: [Finding] = []
  }

  let findings: [Finding]
  let checked: Int
  let skipped: Int

  /// Nil when no unit publishes "egg.view/1", or one that cannot lint.
  init?(_ application: Application) {
    guard let (table, host) = application.interface(EGG_VIEW_ID) else { return nil }
    let view = table.assumingMemoryBound(to: egg_view.self)
    guard Int(view.pointee.size) >= MemoryLayout<egg_view>.size, let lint = view.pointee.lint else {
      return nil
    }
    let collection = Collection()
    var (checked, skipped): (UInt32, UInt32) = (0, 0)
    let base = application.plan.info.baseDir + "/"
    let report: egg_view_report = { state, finding in
      guard let state else { return }
      let finding = finding.pointee
      Unmanaged<Collection>.fromOpaque(state).takeUnretainedValue().findings.append(
        Finding(
          file: string(finding.file), line: Int(finding.line), column: Int(finding.column),
          message: string(finding.message)))
    }
    let status = lint(
      host, report, Unmanaged.passUnretained(collection).toOpaque(), &checked, &skipped)
    guard status == egg_status(EGG_OK) else { return nil }
    findings = collection.findings.map {
      let file = $0.file.hasPrefix(base) ? String($0.file.dropFirst(base.count)) : $0.file
      return Finding(file: file, line: $0.line, column: $0.column, message: $0.message)
    }
    self.checked = Int(checked)
    self.skipped = Int(skipped)
  }

  /// `FILE:LINE:COLUMN: MESSAGE`, as compilers write it, and a line that counts.
  var text: String {
    let lines = findings.map { finding -> String in
      let place = finding.line > 0 ? ":\(finding.line):\(finding.column)" : ""
      return "\(finding.file)\(place): \(finding.message)"
    }
    var total = "\(checked) templates, \(findings.count) errors"
    if skipped > 0 { total += ", \(skipped) not checked: their engines cannot tell" }
    return (lines + [total]).joined(separator: "\n")
  }

  var json: ConfigValue {
    let errors: [ConfigValue] = findings.map {
      [
        "file": .string($0.file), "line": .int(Int64($0.line)), "column": .int(Int64($0.column)),
        "message": .string($0.message),
      ]
    }
    return [
      "checked": .int(Int64(checked)), "skipped": .int(Int64(skipped)), "errors": .array(errors),
    ]
  }
}

private func string(_ text: egg_str) -> String {
  String(
    decoding: UnsafeRawBufferPointer(start: text.len == 0 ? nil : text.ptr, count: text.len),
    as: UTF8.self)
}
