import EggKernel
import Glibc

extension CommandDescription {
  static let test = CommandDescription(
    path: ["test"], summary: "build the application and run its tests",
    arguments: [.optional("DIR", "the application's folder")], options: testOptions,
    notes: """
      Runs swift test with the environment unittest. Tests that import EggMock find the plugins and
      frameworks of this egg. A folder without Tests is no failure.
      """,
    run: { try TestRun($0).run() })

  static let coverage = CommandDescription(
    path: ["cov"], summary: "run the tests and say which lines they reach",
    arguments: [.optional("DIR", "the application's folder")], options: testOptions,
    notes: """
      Prints a table of the application's files and writes coverage/lcov.info, which editors and
      services read, and coverage/html/index.html for people. Needs llvm-cov, which is part of Swift's
      toolchain.
      """,
    run: { arguments in
      let run = TestRun(arguments)
      guard try run.run(isMeasured: true) else { return }
      try run.report()
    })

  private static let testOptions: [Option] = [
    .value("filter", "PATTERN", "only tests whose names match this regular expression", short: "g"),
    .value("env", "NAME", "the environment; unittest without it"),
  ]
}

/// `swift test` for one folder.
private struct TestRun {
  let folder: String
  let filter: String?
  let env: String

  init(_ arguments: Arguments) {
    let stated = arguments[0] ?? "."
    folder = Path.real(stated) ?? stated
    filter = arguments.text("filter")
    env = arguments.text("env") ?? "unittest"
  }

  /// - Returns: false when there are no tests.
  /// - Throws: `CommandFailure` when there is no package; `Finding` when a test fails, after its
  ///   output was shown.
  @discardableResult
  func run(isMeasured: Bool = false) throws -> Bool {
    guard FileReader.kind(of: folder + "/Package.swift") == .file else {
      throw CommandFailure("nothing to test in \(folder): expected a Package.swift there")
    }
    guard FileReader.kind(of: folder + "/Tests") == .folder else {
      Terminal.print("No test files found in \(folder)/Tests")
      return false
    }
    setenv("EGG_SERVER_ENV", env, 1)
    setenv("EGG_COMMAND", Installation().executable, 1)
    var words = ["swift", "test", "--package-path", folder]
    if isMeasured { words.append("--enable-code-coverage") }
    if let filter { words += ["--filter", filter] }
    // Its lines are the report of the tests; only steps of the build are left out.
    let child = try Child.run(words) { line in
      if !BuildRun.isProgress(line) { Terminal.print(line) }
    }
    guard child.status == 0 else { throw Finding() }
    return true
  }

  /// - Throws: `CommandFailure` when there are no measurements or no `llvm-cov`.
  func report() throws {
    var path = ""
    _ = try Child.run(["swift", "test", "--package-path", folder, "--show-codecov-path"]) {
      if $0.hasPrefix("/") { path = $0 }
    }
    let measured = Path.folder(of: path)
    let products = Path.folder(of: measured)
    guard !path.isEmpty,
      let program = Folder.names(in: products).first(where: { $0.hasSuffix("PackageTests.xctest") })
    else { throw CommandFailure("swift test left no measurements in \(folder)/.build") }
    let inputs = [
      products + "/" + program, "-instr-profile", measured + "/default.profdata",
      "-ignore-filename-regex", ignored,
    ]
    let table = try Child.run([Self.llvmCov, "report"] + inputs) { Terminal.print($0) }
    guard table.status == 0 else { throw Finding() }
    var lines = ""
    var origins = MeasuredOrigins()
    let exported = try Child.run([Self.llvmCov, "export", "-format", "lcov"] + inputs) {
      // What the program warns of would be no record.
      if Self.isRecord($0) { lines += origins.record($0) + "\n" }
    }
    guard exported.status == 0 else { throw CommandFailure("llvm-cov export failed in \(folder)") }
    let output = folder + "/coverage/lcov.info"
    unlink(output)
    try Template.write(lines, to: output)
    let pages = folder + "/coverage/html"
    let shown = try Child.run(
      [Self.llvmCov, "show", "-format=html", "-output-dir=" + pages] + inputs
    ) { _ in }
    guard shown.status == 0 else { throw CommandFailure("llvm-cov show failed in \(folder)") }
    Terminal.print("wrote \(output) and \(pages)/index.html")
  }

  /// That of Swift's toolchain: another one may not read its measurements.
  private static var llvmCov: String {
    let folders = EnvironmentVariables.process.trimmed("PATH")?.split(separator: ":") ?? []
    let swift = folders.lazy.compactMap { Path.real(String($0) + "/swift") }.first
    let beside = swift.map { Path.folder(of: $0) + "/llvm-cov" }
    return beside.flatMap { FileReader.kind(of: $0) == .file ? $0 : nil } ?? "llvm-cov"
  }

  /// `SF:/shop/app/router.swift`, `DA:3,1`, `end_of_record`.
  private static func isRecord(_ line: String) -> Bool {
    if line == "end_of_record" { return true }
    guard let colon = line.firstIndex(of: ":") else { return false }
    return line[..<colon].utf8.allSatisfy { UInt8(ascii: "A")...UInt8(ascii: "Z") ~= $0 }
  }

  /// Tests, what the loader writes, and Egg itself.
  private var ignored: String {
    let package = Installation().package.map { "|^\($0)/(Sources|Plugins)/" } ?? ""
    return "/Tests/|/EggUnit\\.swift$|/\\.build/.*Tests\\.derived/\(package)"
  }
}
