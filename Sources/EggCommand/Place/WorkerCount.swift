import EggKernel
import Glibc

/// How many workers there are when nobody says so.
enum WorkerCount {
  /// `EGG_WORKERS`, then `config.cluster.workers`; otherwise what the control group allows, rounded
  /// up, and never more than the processors that this process may use.
  ///
  /// - Parameter configured: 0 or nil when the configuration leaves it open.
  /// - Throws: `CommandFailure` for a variable that is no number.
  static func standard(
    _ configured: Int?, variables: EnvironmentVariables = .process
  ) throws(CommandFailure) -> Int {
    if let text = variables.trimmed("EGG_WORKERS") {
      guard let number = Int(text), (1...1024).contains(number) else {
        throw CommandFailure(
          "expected EGG_WORKERS to be a number from 1 to 1024, found \"\(text)\"")
      }
      return number
    }
    if let configured, (1...1024).contains(configured) { return configured }
    return max(1, min(processors, quota(below: "/sys/fs/cgroup") ?? processors))
  }

  /// Processors that the scheduler may put this process on.
  private static var processors: Int {
    let line = text("/proc/self/status").split(separator: "\n")
      .first { $0.hasPrefix("Cpus_allowed:") }
    let bits = (line ?? "").dropFirst(13).reduce(0) { sum, digit in
      sum + (digit.hexDigitValue?.nonzeroBitCount ?? 0)
    }
    return bits > 0 ? bits : max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
  }

  /// The smallest quota on the way from the control group of this process to the root.
  ///
  /// - Parameters:
  ///   - root: where the control groups are mounted.
  ///   - groups: the file that says which of them this process belongs to.
  /// - Returns: processors, rounded up; nil without a quota.
  /// - Source: Linux, "Control Group v2", `cpu.max`; "CFS Bandwidth Control" for version 1.
  static func quota(below root: String, groups: String = "/proc/self/cgroup") -> Int? {
    var quotas: [Int] = []
    for line in text(groups).split(separator: "\n") {
      let parts = line.split(separator: ":", maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      var group = String(parts[2])
      while true {
        if parts[0] == "0" {
          let fields = text(root + group + "/cpu.max").split { $0 == " " || $0 == "\n" }
          if fields.count == 2 { add(fields[0], fields[1], to: &quotas) }
        } else if parts[1].split(separator: ",").contains("cpu") {
          let folder = root + "/cpu" + group
          add(
            text(folder + "/cpu.cfs_quota_us").prefix { $0 != "\n" },
            text(folder + "/cpu.cfs_period_us").prefix { $0 != "\n" }, to: &quotas)
        }
        if group == "/" || group.isEmpty { break }
        group = Path.folder(of: group)
      }
    }
    return quotas.min()
  }

  private static func add(_ quota: Substring, _ period: Substring, to quotas: inout [Int]) {
    guard let quota = Int(quota), let period = Int(period), quota > 0, period > 0 else { return }
    quotas.append(max(1, (quota + period - 1) / period))
  }

  private static func text(_ path: String) -> String {
    let descriptor = open(path, O_RDONLY | O_CLOEXEC)
    guard descriptor >= 0 else { return "" }
    defer { close(descriptor) }
    var bytes = [UInt8](repeating: 0, count: 16_384)
    let count = read(descriptor, &bytes, bytes.count)
    return count > 0 ? String(decoding: bytes[..<count], as: UTF8.self) : ""
  }
}
