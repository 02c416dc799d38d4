internal import PluginABI

/// What is known of an application before anything is loaded.
public struct AppInfo {
  public enum Process: Sendable {
    /// Answers requests.
    case worker
    /// One per machine; for what only one process may do.
    case agent
    /// Both in one.
    case single
  }

  public private(set) var name = ""
  /// The application's folder.
  public private(set) var baseDir = ""
  /// `local`, `unittest`, `prod` …
  public private(set) var env = ""
  public private(set) var scope = ""
  public private(set) var home = ""
  /// Where logs and uploads belong.
  public private(set) var root = ""
  /// Of Egg.
  public private(set) var version = ""
  public private(set) var process = Process.single

  init() {}

  init(_ host: Host) {
    var info = egg_app_info()
    info.size = UInt32(MemoryLayout<egg_app_info>.size)
    guard host.app.pointee.info(host.table, &info) == Status.ok else { return }
    name = info.name.string
    baseDir = info.base_dir.string
    env = info.env.string
    scope = info.scope.string
    home = info.home.string
    root = info.root.string
    version = info.version.string
    process =
      switch Int(info.process) {
      case EGG_PROCESS_WORKER: .worker
      case EGG_PROCESS_AGENT: .agent
      default: .single
      }
  }

  var runsApplication: Bool { process != .agent }
  var runsAgent: Bool { process != .worker }
}

/// A plugin, a framework or the application itself.
public struct UnitInfo: Sendable {
  public enum Kind: Int, Sendable { case plugin, framework, application }

  public let kind: Kind
  public let name: String
  /// Its folder.
  public let directory: String
  public let version: String

  init(_ info: egg_unit_info) {
    kind = Kind(rawValue: Int(info.kind)) ?? .plugin
    name = info.name.string
    directory = info.directory.string
    version = info.version.string
  }

  static func empty() -> egg_unit_info {
    var info = egg_unit_info()
    info.size = UInt32(MemoryLayout<egg_unit_info>.size)
    return info
  }
}
