import Glibc

/// Where the running `egg` lies, and what lies around it: plugins, frameworks, the Swift package that
/// applications depend on, the C headers.
package struct Installation {
  /// The real path of the running command.
  package let executable: String
  package let pluginFolders: [String]
  package let frameworkFolders: [String]
  /// The folder with the `Package.swift` of `Egg` and `EggLoader`; nil when only the command is
  /// installed.
  package let package: String?
  /// The folder with `egg_plugin.h`.
  package let headers: String?

  /// `PREFIX/bin/egg` with `PREFIX/lib/egg` is an installation, which has `PREFIX/include/egg` and
  /// `PREFIX/share/egg` too. Otherwise a folder above the command with `Package.swift` and `Plugins/`
  /// is a development tree. The folders of `EGG_PLUGIN_PATH` (colons between) are looked in first.
  package init(
    executable: String = Path.real("/proc/self/exe") ?? "/proc/self/exe",
    variables: EnvironmentVariables = .process
  ) {
    self.executable = executable
    let own = (variables.trimmed("EGG_PLUGIN_PATH") ?? "").split(separator: ":").map(String.init)
    let prefix = Path.folder(of: Path.folder(of: executable))
    let isInstalled = FileReader.kind(of: prefix + "/lib/egg") == .folder
    if !isInstalled, let root = Self.tree(above: executable) {
      pluginFolders = own + [root + "/Plugins"]
      frameworkFolders = [root + "/Frameworks"]
      package = root
      headers = root + "/Sources/PluginABI/include"
    } else {
      pluginFolders = own + [prefix + "/lib/egg/plugins"]
      frameworkFolders = [prefix + "/lib/egg/frameworks"]
      let share = prefix + "/share/egg"
      package = FileReader.kind(of: share + "/Package.swift") == .file ? share : nil
      let include = prefix + "/include/egg"
      headers = FileReader.kind(of: include) == .folder ? include : nil
    }
  }

  private static func tree(above executable: String) -> String? {
    var folder = Path.folder(of: executable)
    while folder != "/" && folder != "." {
      if FileReader.kind(of: folder + "/Package.swift") == .file,
        FileReader.kind(of: folder + "/Plugins") == .folder
      {
        return folder
      }
      folder = Path.folder(of: folder)
    }
    return nil
  }

  /// What the kernel must know before it looks for units.
  ///
  /// - Parameter builds: folders below a unit in which a build leaves its library, the preferred
  ///   first.
  package func prepare(builds: [String]) {
    LibraryFile.folders = [Path.folder(of: executable)]
    LibraryFile.buildFolders = builds
  }

  /// - Throws: `BootError` for whatever is wrong with the application's files.
  package func plan(_ folder: String, env: String?, framework: String?) throws(BootError)
    -> LoadPlan
  {
    try LoadPlan(
      LoadPlan.Options(
        baseDir: folder, env: env, framework: framework, pluginFolders: pluginFolders,
        frameworkFolders: frameworkFolders))
  }
}
