import EggKernel

extension CommandDescription {
  static let inspectTiming = CommandDescription(
    path: ["inspect", "timing"],
    summary: "draw the start as a timeline: which unit takes how long in which phase",
    arguments: [.optional("DIR", "the application's folder")],
    options: [.env, .framework, .json],
    notes: """
      The application is loaded for it, up to ready. What the start of a running one was like is in
      run/application_timing.json and run/agent_timing.json.
      """,
    run: { arguments in
      try LoadedApplication.inspect(arguments[0] ?? ".", arguments) { application, print in
        print(
          arguments.printsJSON
            ? timingJSON(application) : TimelineText(application).lines.joined(separator: "\n"))
      }
    })
}

private func timingJSON(_ application: Application) -> String {
  let list: [ConfigValue] = application.timings.map { unit in
    var phases = ConfigObject()
    for phase in unit.phases {
      phases[phase.name] = .double(Application.milliseconds(phase.nanoseconds))
    }
    return [
      "unit": .string(unit.unit), "milliseconds": .double(Application.milliseconds(unit.total)),
      "phases": .object(phases),
    ]
  }
  return JSONWriter.text(.array(list), indentation: 2)
}

/// A start as lines of text: each step with a bar below the axis of time, then what each unit took in
/// all.
struct TimelineText {
  private let steps: [StartStep]
  private let whole: UInt64
  private let totals: [(unit: String, nanoseconds: UInt64)]
  /// Characters from the beginning to the end of the axis.
  static let width = 48
  /// Steps that are shorter are counted and not drawn.
  static let shortest: UInt64 = 50_000

  init(_ application: Application) {
    self.init(
      steps: application.startSteps, whole: application.startNanoseconds,
      totals: application.timings.map { ($0.unit, $0.total) })
  }

  init(
    steps: [StartStep], whole: UInt64, totals: [(unit: String, nanoseconds: UInt64)]
  ) {
    self.steps = steps
    self.whole = max(1, whole)
    self.totals = totals
  }

  var lines: [String] {
    let drawn = steps.filter { $0.nanoseconds >= Self.shortest }
    let end = Self.text(whole)
    var rows = [["unit", "step", "took", "0 ms" + end.leftPadded(to: Self.width - 4)]]
    for step in drawn {
      rows.append([step.unit, step.name, Self.text(step.nanoseconds), bar(step)])
    }
    var lines = TextTable.lines(rows)
    let small = steps.count - drawn.count
    if small > 0 {
      let sum = steps.reduce(0) { $0 + ($1.nanoseconds < Self.shortest ? $1.nanoseconds : 0) }
      let limit = Self.text(Self.shortest)
      lines.append("\(small) steps shorter than \(limit) are not drawn: \(Self.text(sum)) together")
    }
    lines.append("")
    lines += TextTable.lines(
      [["unit", "in all"]] + totals.map { [$0.unit, Self.text($0.nanoseconds)] })
    return lines
  }

  /// At least one character wide, and inside of the axis.
  private func bar(_ step: StartStep) -> String {
    func place(_ nanoseconds: UInt64) -> Int {
      Int(Double(min(nanoseconds, whole)) / Double(whole) * Double(Self.width))
    }
    let from = min(place(step.start), Self.width - 1)
    let to = max(from + 1, place(step.start &+ step.nanoseconds))
    return String(repeating: " ", count: from) + String(repeating: "▇", count: to - from)
  }

  private static func text(_ nanoseconds: UInt64) -> String {
    let hundredths = nanoseconds / 10_000
    let digits = hundredths % 100
    return "\(hundredths / 100).\(digits < 10 ? "0" : "")\(digits) ms"
  }
}

extension String {
  fileprivate func leftPadded(to width: Int) -> String {
    String(repeating: " ", count: max(0, width - count)) + self
  }
}
