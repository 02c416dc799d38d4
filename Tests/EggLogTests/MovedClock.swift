import Foundation

/// A clock on the wall that a test sets, for the processes it starts. The one that never jumps stays.
///
/// A small library in front of the C library adds what a file says to the time of day.
final class MovedClock {
  private let folder: URL
  private let file: URL

  private static let source = """
    #define _GNU_SOURCE
    #include <dlfcn.h>
    #include <fcntl.h>
    #include <stdlib.h>
    #include <sys/mman.h>
    #include <time.h>

    int clock_gettime(clockid_t clock, struct timespec *time) {
      static int (*next)(clockid_t, struct timespec *);
      static volatile long *moved;
      if (next == NULL) {
        int file = open(getenv("MOVED_CLOCK"), O_RDONLY | O_CLOEXEC);
        void *page = mmap(NULL, sizeof(long), PROT_READ, MAP_SHARED, file, 0);
        if (page == MAP_FAILED) abort();
        moved = page;
        next = (int (*)(clockid_t, struct timespec *))dlsym(RTLD_NEXT, "clock_gettime");
      }
      int result = next(clock, time);
      if (clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_COARSE) time->tv_sec += *moved;
      return result;
    }
    """

  /// - Parameter seconds: what the clock shows now, since 1970.
  init(_ seconds: Int) throws {
    folder = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
      .appendingPathComponent("egg-clock-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    file = folder.appendingPathComponent("moved")
    let code = folder.appendingPathComponent("clock.c")
    try Self.source.write(to: code, atomically: true, encoding: .utf8)
    let compiler = try Process.run(
      URL(fileURLWithPath: "/usr/bin/env"),
      arguments: [
        "cc", "-shared", "-fPIC", "-O1", "-o", folder.appendingPathComponent("clock.so").path,
        code.path,
      ])
    compiler.waitUntilExit()
    guard compiler.terminationStatus == 0 else {
      throw Failure("cc can't compile the clock: install gcc or clang")
    }
    try Data(count: 8).write(to: file)
    try set(seconds)
  }

  deinit { try? FileManager.default.removeItem(at: folder) }

  /// For the process.
  var variables: [String: String] {
    ["LD_PRELOAD": folder.appendingPathComponent("clock.so").path, "MOVED_CLOCK": file.path]
  }

  /// What the clock shows from now on; in place, because it is mapped.
  func set(_ seconds: Int) throws {
    var moved = Int64(seconds - Int(Date().timeIntervalSince1970))
    let handle = try FileHandle(forUpdating: file)
    try withUnsafeBytes(of: &moved) { try handle.write(contentsOf: Data($0)) }
    try handle.close()
  }
}
