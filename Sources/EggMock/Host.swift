import CEggMock
import EggKernel
import Foundation

import class Egg.Application

/// The one application of a test program, with the kernel around it in the same process.
///
/// The kernel's loop is the main actor of the whole program: application code, kernel and tests share one
/// thread, as in a worker.
enum TestHost {
  private static var starting: Task<Running, any Error>?

  struct Running {
    let kernel: EggKernel.Application
    let application: Egg.Application
    let socket: String
    let baseDir: String
    let options: MockOptions
  }

  private(set) static var running: Running?

  /// - Throws: `MockFailure` with what the kernel says when the start fails.
  static func start(_ options: MockOptions) async throws -> Egg.Application {
    if let running {
      guard running.options == options else {
        throw MockFailure(
          "this test program runs the application in \(running.baseDir) with other options already; "
            + "one program has one application, so put the other one into a test target of its own")
      }
      return running.application
    }
    let task = starting ?? Task { try await boot(options) }
    starting = task
    let made = try await task.value
    running = made
    return try await start(options)
  }

  private static func boot(_ options: MockOptions) async throws -> Running {
    let baseDir = try applicationFolder(options)
    guard let entry = egg_linked_unit(), let program = Path.real("/proc/self/exe") else {
      throw MockFailure(
        "no application is linked with this test program: name its target in the dependencies of the "
          + "test target")
    }
    LinkedUnit.entry = entry
    LinkedUnit.path = program
    guard let loop = EventLoop.installed else {
      throw MockFailure("the event loop can't be made; is the limit of open files reached?")
    }
    let installation = Installation(executable: command())
    installation.prepare(builds: [".build/debug", ".build/release"])
    let plan: LoadPlan
    do throws(BootError) {
      plan = try installation.plan(baseDir, env: options.env, framework: options.framework)
    } catch {
      throw MockFailure(error.description)
    }
    let kernel = EggKernel.Application(plan, loop: loop)
    try await finish { kernel.load(then: $0) }
    let socket = NSTemporaryDirectory() + "/egg-mock-\(getpid()).sock"
    unlink(socket)
    try await finish { kernel.listen([.unix(path: socket)], then: $0) }
    atexit { TestHost.removeSocket() }
    guard let application = Egg.Application.linked else {
      throw MockFailure("the application was not entered")
    }
    return Running(
      kernel: kernel, application: application, socket: socket, baseDir: baseDir, options: options)
  }

  private nonisolated static func removeSocket() {
    unlink(NSTemporaryDirectory() + "/egg-mock-\(getpid()).sock")
  }

  private static func finish(
    _ step: (@escaping (Result<Void, BootError>) -> Void) -> Void
  ) async throws {
    let result = await withCheckedContinuation { continuation in
      step { continuation.resume(returning: $0) }
    }
    if case .failure(let error) = result { throw MockFailure(error.description) }
  }

  /// The folder with the `egg.json`, at or above the test's file, else at the current folder.
  private static func applicationFolder(_ options: MockOptions) throws -> String {
    if let baseDir = options.baseDir { return baseDir }
    var folder = Path.folder(of: options.file)
    while folder != "/" && folder != "." {
      if FileReader.kind(of: folder + "/egg.json") == .file { return folder }
      folder = Path.folder(of: folder)
    }
    throw MockFailure("expected an egg.json in a folder above \(options.file), found none")
  }

  /// The `egg` whose plugins and frameworks are used: that which runs the test, else the one that
  /// belongs to the package this module comes from.
  private static func command() -> String {
    if let stated = ProcessInfo.processInfo.environment["EGG_COMMAND"] { return stated }
    // PACKAGE/Sources/EggMock/Host.swift; an installed package is PREFIX/share/egg.
    let package = Path.folder(of: Path.folder(of: Path.folder(of: #filePath)))
    let places = [
      package + "/.build/debug/egg", package + "/.build/release/egg",
      Path.folder(of: Path.folder(of: package)) + "/bin/egg",
    ]
    return places.lazy.compactMap { Path.real($0) }.first ?? places[0]
  }
}

/// Called before `main`: a task that has waited once on another main actor would never come back to the
/// loop's. Without a loop the tests run all the same, and `mock.app()` says what is missing.
@_cdecl("egg_mock_install_loop")
package nonisolated func installLoop() {
  _ = try? EventLoop.install()
}

/// How an application of tests is started.
struct MockOptions: Equatable {
  var baseDir: String?
  var env: String
  var framework: String?
  var file: String

  static func == (left: MockOptions, right: MockOptions) -> Bool {
    left.baseDir == right.baseDir && left.env == right.env && left.framework == right.framework
  }
}

/// Why a test can't go on.
public struct MockFailure: Error, CustomStringConvertible {
  public let description: String

  init(_ description: String) { self.description = description }
}
