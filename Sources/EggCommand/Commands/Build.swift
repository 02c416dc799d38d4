import EggKernel

extension CommandDescription {
  static let build = CommandDescription(
    path: ["build"], summary: "build an application or a plugin",
    arguments: [.optional("DIR", "the folder of the application or plugin")],
    options: [
      .value("configuration", "release|debug", "release without it", short: "c")
    ],
    notes: """
      Looks for a Makefile (make), a Package.swift (swift build) or a Cargo.toml (cargo build). An
      application's library is then in DIR/.build/release, where "egg start" finds it.
      """,
    run: runBuild)
}

private func runBuild(_ arguments: Arguments) throws {
  let folder = arguments[0] ?? "."
  let configuration = arguments.text("configuration") ?? "release"
  guard ["release", "debug"].contains(configuration) else {
    throw UsageError("expected -c release or -c debug, found \"\(configuration)\"", .build)
  }
  guard let real = Path.real(folder), FileReader.kind(of: real) == .folder else {
    throw CommandFailure("expected a folder to build, found none at \"\(folder)\"")
  }
  let isRelease = configuration == "release"
  // A Makefile beside a Package.swift is somebody's own shortcuts: the package is what is built.
  let hasPackage = FileReader.kind(of: real + "/Package.swift") == .file
  switch hasPackage ? .swift : BuildSystem.of(real) {
  case .swift:
    try SwiftBuild(folder: real, isRelease: isRelease, product: try product(of: real)).run()
  case .make:
    try BuildRun(
      title: "building \(Path.lastComponent(of: real)) (make)", words: ["make", "-C", real]
    ).run()
  case .cargo:
    let mode = isRelease ? ["--release"] : []
    try BuildRun(
      title: "building \(Path.lastComponent(of: real)) (cargo)",
      words: ["cargo", "build", "--manifest-path", real + "/Cargo.toml"] + mode
    ).run()
  case nil:
    throw CommandFailure(
      "nothing to build in \(real): expected a Package.swift, a Makefile or a Cargo.toml there")
  }
}

/// The library product that carries the unit's name, if `Package.swift` mentions it; else everything
/// in the package is built.
private func product(of folder: String) throws(BootError) -> String? {
  var notices: [BootNotice] = []
  let stated = try UnitFile.read(folder: folder, unit: "app", notices: &notices)?.name
  let name = stated ?? Path.lastComponent(of: folder)
  let bytes = try FileReader.contents(of: folder + "/Package.swift", unit: "app") ?? []
  let isMentioned = String(decoding: bytes, as: UTF8.self).contains(".library(name: \"\(name)\"")
  return isMentioned ? name : nil
}
