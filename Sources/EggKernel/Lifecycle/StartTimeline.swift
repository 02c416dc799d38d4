import Glibc
import PluginABI

/// Something that a start waited for, or that went on beside others: a library that was opened, a phase
/// of a unit, a directory that was handed to its unit.
package struct StartStep: Sendable {
  package let unit: String
  /// `read files`, `open`, a phase's name, `directory app/view`.
  package let name: String
  /// Nanoseconds since the start of the process began.
  package let start: UInt64
  package let nanoseconds: UInt64
}

/// How a start went by. Units that wait beside each other overlap.
///
/// Differs from Egg: the file has no process id in its name, so that a later start replaces it.
extension Application {
  /// In the order in which they began. The first one is what was read before there was an application:
  /// configuration, plugin tables, manifests.
  package var startSteps: [StartStep] {
    let first = StartStep(
      unit: "egg", name: "read files", start: 0, nanoseconds: createdAt &- startedAt)
    let steps = worker.units.flatMap { unit in
      unit.phaseTimes.map {
        StartStep(
          unit: unit.name, name: $0.phase, start: $0.started &- startedAt,
          nanoseconds: $0.nanoseconds)
      }
    }
    return [first] + steps.sorted { $0.start < $1.start }
  }

  /// From the start of the process until the application was ready, or until now.
  package var startNanoseconds: UInt64 {
    (worker.readyAt == 0 ? monotonicNanoseconds() : worker.readyAt) &- startedAt
  }

  /// What `run/application_timing.json` holds; times in milliseconds.
  package var timingDump: ConfigValue {
    [
      "pid": .int(Int64(getpid())), "milliseconds": .double(Self.milliseconds(startNanoseconds)),
      "steps": .array(
        startSteps.map { step in
          [
            "unit": .string(step.unit), "name": .string(step.name),
            "start": .double(Self.milliseconds(step.start)),
            "milliseconds": .double(Self.milliseconds(step.nanoseconds)),
          ]
        }),
    ]
  }

  /// To a thousandth.
  package static func milliseconds(_ nanoseconds: UInt64) -> Double {
    Double(nanoseconds / 1000) / 1000
  }
}
