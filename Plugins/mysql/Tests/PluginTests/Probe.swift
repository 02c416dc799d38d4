import EggTestSupport
import Foundation

/// The application `probe`, with the plugin `asker` in C.
///
/// - Parameters:
///   - config: the `mysql` part of the configuration.
///   - more: further parts, a comma in front.
///   - options: of `egg start`.
func probe(_ config: String, _ more: String = "", options: [String] = ["--single"]) throws
  -> RunningApplication
{
  try RunningApplication(
    tests.appendingPathComponent("probe"),
    files: ["config/config.prod.json": "{\n  \"mysql\": \(config)\(more)\n}\n"], options: options,
    variables: ["EGG_PLUGIN_PATH": try asker.get().path])
}

/// The folder `Tests` of the plugin `mysql`.
private let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
  .deletingLastPathComponent()

private let asker = Result { try Built.pluginsInC([tests.appendingPathComponent("asker")]) }
