import Foundation

/// What `/proc` says about one process.
struct ProcessRecord: Equatable {
  let id: pid_t
  let parent: pid_t
  let isZombie: Bool
  /// User and system time of all its threads, ended ones too, in clock ticks.
  let ticks: Int

  /// Reads a line of `/proc/PID/stat`.
  /// - Returns: nil for what is not such a line. The command's name may hold spaces and parentheses,
  ///   so the fields are counted from the last one.
  /// - Source: proc_pid_stat(5).
  init?(stat: String) {
    guard let open = stat.firstIndex(of: "("), let close = stat.lastIndex(of: ")"),
      let id = pid_t(stat[..<open].trimmingCharacters(in: .whitespaces))
    else { return nil }
    let fields = stat[stat.index(after: close)...].split(separator: " ")
    guard fields.count > 12, let parent = pid_t(fields[1]), let user = Int(fields[11]),
      let system = Int(fields[12])
    else { return nil }
    self.id = id
    self.parent = parent
    isZombie = fields[0] == "Z" || fields[0] == "X"
    ticks = user + system
  }

  /// The process of that number, or nil when there is none.
  init?(id: pid_t) {
    guard let text = readSmallFile("/proc/\(id)/stat") else { return nil }
    self.init(stat: text)
  }

  var cpuSeconds: Double { Double(ticks) / Double(sysconf(Int32(_SC_CLK_TCK))) }

  static func all() -> [ProcessRecord] {
    let names = (try? FileManager.default.contentsOfDirectory(atPath: "/proc")) ?? []
    return names.compactMap { pid_t($0) }.compactMap { ProcessRecord(id: $0) }
  }
}

/// Time on a core that the living threads of these processes had so far, in seconds; finer than
/// `ProcessRecord.ticks`.
/// - Source: /proc/PID/task/TID/schedstat, whose first number is nanoseconds (sched-stats.rst).
func scheduledSeconds(_ ids: [pid_t]) -> Double {
  var nanoseconds = 0.0
  for id in ids {
    let folder = "/proc/\(id)/task"
    for thread in (try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [] {
      let text = readSmallFile("\(folder)/\(thread)/schedstat") ?? ""
      nanoseconds += text.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }
  }
  return nanoseconds / 1e9
}

/// Memory of one process, in KiB.
struct Memory: Codable {
  /// Resident pages, shared ones counted in full.
  var rss: Int
  /// Resident pages, a page shared by n processes counted as 1/n.
  var pss: Int

  /// - Returns: nil when there is no such process or it may not be looked at.
  init?(of id: pid_t) {
    guard let status = readSmallFile("/proc/\(id)/status"),
      let rollup = readSmallFile("/proc/\(id)/smaps_rollup"),
      let rss = Self.field("VmRSS:", in: status), let pss = Self.field("Pss:", in: rollup)
    else { return nil }
    self.rss = rss
    self.pss = pss
  }

  /// The number after a name at the start of a line.
  static func field(_ name: String, in text: String) -> Int? {
    for line in text.split(separator: "\n") where line.hasPrefix(name) {
      return line.dropFirst(name.count).split(whereSeparator: \.isWhitespace).first.flatMap {
        Int($0)
      }
    }
    return nil
  }
}

/// The text of a file in `/proc`, which has no size to ask for; nil when it cannot be read.
func readSmallFile(_ path: String) -> String? {
  let file = open(path, O_RDONLY | O_CLOEXEC)
  guard file >= 0 else { return nil }
  defer { close(file) }
  var bytes: [UInt8] = []
  var part = [UInt8](repeating: 0, count: 64 * 1024)
  while true {
    let count = read(file, &part, part.count)
    if count < 0 { return nil }
    if count == 0 { return String(decoding: bytes, as: UTF8.self) }
    bytes += part[..<count]
  }
}
