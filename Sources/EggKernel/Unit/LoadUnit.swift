/// One folder that takes part in loading: a plugin, a framework, or the application.
package struct LoadUnit: Sendable {
  /// Units load in this order; inside a kind, in the order of dependencies or of the chain.
  package enum Kind: String, Sendable, Comparable {
    case plugin, framework, application

    private var rank: Int {
      switch self {
      case .plugin: 0
      case .framework: 1
      case .application: 2
      }
    }

    package static func < (left: Kind, right: Kind) -> Bool { left.rank < right.rank }
  }

  /// Configuration that is not in a file of its own: the kernel's defaults, or those in a
  /// plugin's manifest. Read before the unit's `config.default.json`.
  package struct EmbeddedConfig: Sendable {
    /// What provenance shows as the file.
    package let label: String
    package let document: JSONDocument

    package init(label: String, value: ConfigValue) {
      self.label = label
      self.document = JSONDocument(file: label, value: value)
    }

    /// - Throws: `.config` when the text is not an object of JSON with comments.
    package init(label: String, text: String, unit: String) throws(BootError) {
      self.label = label
      self.document = try parseObject(Array(text.utf8), file: label, unit: unit).document
    }
  }

  package let kind: Kind
  package let name: String
  /// Absolute. Nil for the kernel's own unit and for a plugin that is one library without a folder.
  package let directory: String?
  package let version: String?
  /// Absolute path of the unit's shared library, if it has one.
  package let library: String?
  /// What the library says about itself; nil for a unit without a library.
  package let manifest: PluginManifest?
  package let embeddedConfig: EmbeddedConfig?

  package init(
    kind: Kind, name: String, directory: String?, version: String? = nil,
    library: String? = nil, manifest: PluginManifest? = nil,
    embeddedConfig: EmbeddedConfig? = nil
  ) {
    self.kind = kind
    self.name = name
    self.directory = directory
    self.version = version
    self.library = library
    self.manifest = manifest
    self.embeddedConfig = embeddedConfig
  }

  /// The application's unit, with the manifest of its library if it has one. Slips in its
  /// `egg.json` were reported by `AppInfo.read`.
  ///
  /// - Parameter host: when given, the manifest's demands are compared with it.
  /// - Throws: whatever is wrong with `egg.json` or the library.
  package static func application(
    _ info: AppInfo, host: HostABI? = nil
  ) throws(BootError) -> LoadUnit {
    var reported: [BootNotice] = []
    let file = try UnitFile.read(folder: info.baseDir, unit: "app", notices: &reported)
    return try LoadUnit(
      kind: .application, name: info.name, folder: info.baseDir, file: file, host: host)
  }

  /// A framework or application in a folder: finds its library and reads what it says.
  init(
    kind: Kind, name: String, folder: String, file: UnitFile?, host: HostABI?
  ) throws(BootError) {
    let label = kind == .application ? "app" : name
    let library =
      kind == .application && LinkedUnit.entry != nil
      ? LinkedUnit.path
      : try LibraryFile.find(
        folder: folder, name: name, stated: file?.library, statedIn: file?.path, unit: label)
    var manifest: PluginManifest?
    if let library {
      try LibraryTrust.check(library, unit: label)
      let manifests = try PluginManifest.read(path: library, unit: label)
      guard let own = manifests.first(where: { $0.id == name }) ?? manifests.only else {
        let ids = manifests.map { "\"\($0.id)\"" }.joined(separator: ", ")
        throw BootError(
          .manifest, unit: label, "expected a manifest for \"\(name)\", found \(ids)",
          file: library)
      }
      try host?.check(own, unit: label)
      manifest = own
    }
    self.init(
      kind: kind, name: name, directory: folder, version: file?.version ?? manifest?.version,
      library: library, manifest: manifest, embeddedConfig: manifest?.embeddedConfig)
  }

  /// What messages call it: `app`, or its name.
  package var label: String { kind == .application ? "app" : name }
}

/// Where a unit's shared library is.
package enum LibraryFile {
  /// Folders outside the units that hold libraries too: where the running command was built or
  /// installed. Set once, before units are looked for.
  package nonisolated(unsafe) static var folders: [String] = []

  /// The folders below a unit in which a build leaves its library, the preferred first.
  package nonisolated(unsafe) static var buildFolders = [".build/release", ".build/debug"]

  /// The paths tried for the library file `fileName` of the unit in `folder`.
  package static func candidates(folder: String, fileName: String) -> [String] {
    ["\(folder)/\(fileName)", "\(folder)/lib/\(fileName)"]
      + buildFolders.map { "\(folder)/\($0)/\(fileName)" } + folders.map { "\($0)/\(fileName)" }
  }

  /// The file names tried when neither `egg.json` nor `plugin.json` states a `library`.
  package static func fileNames(of name: String) -> [String] {
    ["lib\(name).so", "\(name).so"]
  }

  /// - Returns: the stated library or the first candidate that exists; nil when the unit has none.
  /// - Throws: `.pluginNotFound` when a stated library does not exist.
  static func find(
    folder: String, name: String, stated: String?, statedIn file: String?, unit: String
  ) throws(BootError) -> String? {
    guard let stated else {
      for fileName in fileNames(of: name) {
        let found = candidates(folder: folder, fileName: fileName).first {
          FileReader.kind(of: $0) == .file
        }
        if let found { return found }
      }
      return nil
    }
    if FileReader.kind(of: stated) != .none { return stated }
    let places = candidates(folder: folder, fileName: Path.lastComponent(of: stated))
    if let found = places.first(where: { FileReader.kind(of: $0) == .file }) { return found }
    throw BootError(
      .pluginNotFound, unit: unit,
      "expected the library \"\(stated)\", found no such file there nor in "
        + "\(places.joined(separator: ", ")); build it, or correct \"library\"",
      file: file)
  }
}

extension Array {
  /// The element of a list of one.
  var only: Element? { count == 1 ? self[0] : nil }
}
