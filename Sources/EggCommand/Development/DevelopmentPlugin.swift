import EggKernel
import Glibc

/// The plugin `development`, which egg dev switches on unless a table says something about it.
enum DevelopmentPlugin {
  /// - Returns: the plan with the plugin; `plan` itself when it is not installed, or mentioned already.
  static func enabled(_ plan: LoadPlan, _ makePlan: () throws -> LoadPlan) throws -> LoadPlan {
    let table = try PluginTable.load(appInfo: plan.info, frameworks: plan.frameworks)
    guard table.entries["development"] == nil else { return plan }
    let before = EnvironmentVariables.process.trimmed("EGG_PLUGINS")
    var entries = ConfigObject()
    if let before {
      guard case .object(let own)? = try? JSONParser.parse(before, file: "EGG_PLUGINS").value else {
        return plan
      }
      entries = own
    }
    entries["development"] = true
    // The worker reads it too.
    setenv("EGG_PLUGINS", JSONWriter.text(.object(entries)), 1)
    if let changed = try? makePlan(),
      changed.units.first(where: { $0.name == "development" })?.library != nil
    {
      return changed
    }
    if let before { setenv("EGG_PLUGINS", before, 1) } else { unsetenv("EGG_PLUGINS") }
    return plan
  }
}

/// A port to listen on for development: the one that is asked for, or the next that is free.
enum FreePort {
  private static let tries: UInt16 = 100

  /// - Throws: `.lifecycle` with the reason of the first when none of a hundred is free.
  static func open(_ address: ListenAddress) throws(BootError) -> ListeningSocket {
    guard case .tcp(let host, let port, _) = address, port != 0 else { return try address.open() }
    do throws(BootError) {
      return try address.open()
    } catch {
      for next in 1..<tries {
        let (number, isOver) = port.addingReportingOverflow(next)
        guard !isOver, let socket = try? ListenAddress.tcp(host: host, port: number).open() else {
          continue
        }
        Terminal.warning("port \(port) is taken; using \(number)")
        return socket
      }
      throw error
    }
  }
}
