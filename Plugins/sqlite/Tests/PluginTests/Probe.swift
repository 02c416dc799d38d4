import EggTestSupport
import Foundation

/// The application `probe`.
func probe(_ config: String) throws -> RunningApplication {
  let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
    .deletingLastPathComponent()
  return try RunningApplication(
    tests.appendingPathComponent("probe"),
    files: ["config/config.prod.json": "{\n  \"sqlite\": \(config)\n}\n"],
    options: ["--workers", "1"])
}
