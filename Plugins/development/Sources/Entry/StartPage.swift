import DevelopmentPages
import Egg
import Glibc

/// How the start went by, as a page: what `run/` has about it, drawn as bars below the axis of time.
///
/// - Source: Egg, plugin development: `/__loader_trace__` shows the files that the loader wrote.
struct StartPage {
  static let path = "/__loader_trace__"
  private let role: String
  private let dump: Value

  /// The pages of this process, and of its agent where that is another one.
  static func all(_ app: Application) -> [StartPage] {
    let folder = app.config.rundir.string ?? app.baseDir + "/run"
    let roles = app.agent == nil ? ["application", "agent"] : ["application"]
    return roles.compactMap { role in
      guard let bytes = contents("\(folder)/\(role)_timing.json"),
        let dump = try? Value(json: bytes)
      else { return nil }
      return StartPage(role: role, dump: dump)
    }
  }

  /// What is answered to programs: by role, what the file has.
  static func json(_ pages: [StartPage]) -> Value {
    var map = ValueMap()
    for page in pages { map[page.role] = page.dump }
    return .map(map)
  }

  static func html(_ pages: [StartPage], name: String) -> String {
    StartChart.page(pages.map(\.chart), name: name)
  }

  private var chart: StartChart {
    StartChart(
      role: role, process: dump.pid.int ?? 0, whole: dump.milliseconds.double ?? 0,
      steps: (dump.steps.array ?? []).map { step in
        StartChart.Step(
          unit: step.unit.string ?? "", name: step.name.string ?? "",
          start: step.start.double ?? 0, took: step.milliseconds.double ?? 0)
      })
  }

  /// Small and written whole, so it is read at once.
  private static func contents(_ path: String) -> [UInt8]? {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return nil }
    defer { close(descriptor) }
    var bytes: [UInt8] = []
    var piece = [UInt8](repeating: 0, count: 1 << 16)
    while bytes.count < 4 << 20 {
      let count = read(descriptor, &piece, piece.count)
      if count < 0, errno == EINTR { continue }
      if count <= 0 { break }
      bytes += piece[..<count]
    }
    return bytes
  }
}
