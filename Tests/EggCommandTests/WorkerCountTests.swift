import EggKernel
import Foundation
import Testing

@testable import EggCommand

/// How many workers there are when nobody says so.
@Suite("Worker count") struct WorkerCountTests {
  /// Control groups as a container has them, in a folder that stands for `/sys/fs/cgroup`.
  private func quota(_ membership: String, _ files: [String: String]) throws -> Int? {
    let scratch = try Scratch()
    try scratch.write(membership, to: "membership")
    for (path, text) in files { try scratch.write(text, to: "groups/\(path)") }
    return WorkerCount.quota(
      below: scratch.url.appendingPathComponent("groups").path,
      groups: scratch.url.appendingPathComponent("membership").path)
  }

  @Test(
    arguments: [
      ("max 100000\n", nil), ("200000 100000\n", 2), ("150000 100000\n", 2), ("50000 100000\n", 1),
      ("400000 50000\n", 8), ("", nil), ("nonsense\n", nil), ("0 100000\n", nil),
      ("100000 0\n", nil),
    ] as [(String, Int?)])
  func `a quota is rounded up to whole processors`(limit: String, count: Int?) throws {
    #expect(try quota("0::/\n", ["cpu.max": limit]) == count)
  }

  @Test func `of all groups above the smallest counts`() throws {
    let files = [
      "cpu.max": "max 100000\n", "pods/cpu.max": "300000 100000\n",
      "pods/shop/cpu.max": "max 100000\n", "pods/shop/web/cpu.max": "800000 100000\n",
    ]
    #expect(try quota("0::/pods/shop/web\n", files) == 3)
    #expect(try quota("0::/elsewhere\n", files) == nil)
  }

  @Test func `the first version has its quota in two files`() throws {
    let files = [
      "cpu/docker/abc/cpu.cfs_quota_us": "250000\n",
      "cpu/docker/abc/cpu.cfs_period_us": "100000\n",
      "cpu/cpu.cfs_quota_us": "-1\n", "cpu/cpu.cfs_period_us": "100000\n",
    ]
    #expect(try quota("7:memory:/docker/abc\n3:cpu,cpuacct:/docker/abc\n", files) == 3)
    #expect(try quota("3:cpuset:/docker/abc\n", files) == nil)
  }

  @Test func `the variable counts more than the configuration, and both more than the quota`()
    throws
  {
    #expect(try WorkerCount.standard(5, variables: .init(["EGG_WORKERS": " 3 "])) == 3)
    #expect(try WorkerCount.standard(5, variables: .init([:])) == 5)
    let alone = try WorkerCount.standard(0, variables: .init([:]))
    #expect(alone >= 1 && alone <= ProcessInfo.processInfo.processorCount)
    for wrong in ["0", "-1", "many", "99999"] {
      #expect(throws: CommandFailure.self) {
        try WorkerCount.standard(nil, variables: .init(["EGG_WORKERS": wrong]))
      }
    }
  }
}
