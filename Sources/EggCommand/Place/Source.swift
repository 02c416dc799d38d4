import EggKernel

/// A folder that is built: what builds it.
enum BuildSystem {
  case swift
  case make
  case cargo

  /// - Returns: nil for a folder with nothing to build.
  static func of(_ folder: String) -> BuildSystem? {
    // A Makefile may wrap the others, and then knows where the library belongs.
    if FileReader.kind(of: folder + "/Makefile") == .file { return .make }
    if FileReader.kind(of: folder + "/Package.swift") == .file { return .swift }
    if FileReader.kind(of: folder + "/Cargo.toml") == .file { return .cargo }
    return nil
  }
}

/// Refuses units whose library should be there and is not: loading only their configuration would
/// look like a start.
enum MissingLibraries {
  static func check(_ plan: LoadPlan, isRelease: Bool) throws(CommandFailure) {
    for unit in plan.units where unit.library == nil {
      guard let folder = unit.directory, BuildSystem.of(folder) != nil else { continue }
      if unit.kind == .application, FileReader.kind(of: folder + "/Package.swift") != .file {
        continue
      }
      let what = unit.kind == .application ? "the application" : "\(unit.kind) \"\(unit.name)\""
      let names = LibraryFile.fileNames(of: unit.name).joined(separator: " or ")
      let mode = isRelease ? "" : " -c debug"
      throw CommandFailure(
        "\(what) is not built: expected \(names) in \(folder), lib/ or \(LibraryFile.buildFolders.joined(separator: ", ")); run: egg build\(mode) \(folder)"
      )
    }
  }
}
