import EggKernel

extension CommandDescription {
  static let inspectSchedule = CommandDescription(
    path: ["inspect", "schedule"], summary: "list the jobs of app/schedule and when they run next",
    arguments: [.optional("DIR", "the application's folder")],
    options: [.env, .framework, .json],
    notes: """
      Needs the plugin schedule. The application is loaded, and no job runs. Times are those of the job's
      own zone.
      """,
    run: { arguments in
      try LoadedApplication.inspect(arguments[0] ?? ".", arguments) { application, print in
        guard let jobs = application.property("schedules") else {
          Terminal.error("no jobs: the plugin schedule is not enabled in config/plugin.json")
          return
        }
        if arguments.printsJSON { return print(JSONWriter.text(jobs, indentation: 2)) }
        let list = jobs.array ?? []
        if list.isEmpty { return print("no jobs: no unit has files in app/schedule") }
        print(TextTable.lines(list.map(row)).joined(separator: "\n"))
      }
    })
}

private func row(_ job: ConfigValue) -> [String] {
  func text(_ key: String) -> String { job[key]?.string ?? "" }
  var rhythm: [String] = []
  if let interval = job["interval"]?.int { rhythm.append("every \(interval) ms") }
  if !text("cron").isEmpty { rhythm.append("\(text("cron")) (\(text("tz")))") }
  if job["immediate"]?.bool == true { rhythm.append("at the start") }
  let next = job["next"]?.strings ?? []
  let when = text("off").isEmpty ? next.first.map { "next \($0)" } ?? "" : "off: \(text("off"))"
  return [text("key"), text("type"), rhythm.joined(separator: ", "), when]
}
