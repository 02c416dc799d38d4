/// Everything that is settled before any foreign code runs: environment, units in their order,
/// configuration. What `egg plugin list` and `egg inspect config` show.
package struct LoadPlan {
  package let info: AppInfo
  package let frameworks: [LoadUnit]
  package let plugins: PluginSet
  package let application: LoadUnit
  /// Plugins, frameworks base first, the application.
  package let units: [LoadUnit]
  package var config: ConfigTree
  package let notices: [BootNotice]

  package struct Options {
    package var baseDir: String
    package var env: String?
    package var framework: String?
    /// JSON in the form of `config/plugin.json`, laid over everything else.
    package var plugins: String?
    /// Folders of installed plugins and frameworks.
    package var pluginFolders: [String]
    package var frameworkFolders: [String]

    package init(
      baseDir: String, env: String? = nil, framework: String? = nil, plugins: String? = nil,
      pluginFolders: [String] = [], frameworkFolders: [String] = []
    ) {
      self.baseDir = baseDir
      self.env = env
      self.framework = framework
      self.plugins = plugins
      self.pluginFolders = pluginFolders
      self.frameworkFolders = frameworkFolders
    }
  }

  /// - Throws: whatever is wrong with the application's files, naming file and line.
  package init(_ options: Options) throws(BootError) {
    var notices: [BootNotice] = []
    info = try AppInfo.read(baseDir: options.baseDir, env: options.env, notices: &notices)
    let core = LoadUnit(
      kind: .framework, name: "egg", directory: nil, version: EggVersion.text,
      embeddedConfig: try LoadUnit.EmbeddedConfig(
        label: KernelDefaults.label,
        text: KernelDefaults.text(
          env: info.env, pkg: try UnitFile.text(folder: info.baseDir, unit: "app")),
        unit: "egg"))
    frameworks = try FrameworkChain.resolve(
      baseDir: info.baseDir, option: options.framework, systemDirectories: options.frameworkFolders,
      core: core, notices: &notices)
    let table = try PluginTable.load(
      appInfo: info, frameworks: frameworks, option: options.plugins)
    plugins = try PluginSet.resolve(
      table, env: info.env,
      locator: PluginLocator(
        baseDir: info.baseDir, frameworks: frameworks, systemDirectories: options.pluginFolders),
      host: HostABI(minor: 0, interfaces: KernelInterfaces.ids))
    application = try LoadUnit.application(info)
    let pluginUnits = plugins.plugins.map(\.unit)
    units = pluginUnits + frameworks + [application]
    var claimants = plugins.plugins.map { NameClaims.Claimant($0) }
    for unit in frameworks + [application] where unit.manifest != nil {
      claimants.append(NameClaims.Claimant(unit: unit))
    }
    notices += try NameClaims.check(claimants)
    config = try ConfigLoader.load(appInfo: info, units: units)
    self.notices = notices + plugins.notices
  }
}
