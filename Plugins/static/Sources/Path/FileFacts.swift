import Glibc

/// By what one version of a file is told from another, without reading it.
nonisolated struct FileFacts: Equatable {
  let device: UInt
  let inode: UInt
  let size: Int
  let modifiedSeconds: Int
  let modifiedNanoseconds: Int
  /// Changes too when the modification time is set back.
  let changedSeconds: Int
  let changedNanoseconds: Int

  /// - Returns: nil for anything but a regular file.
  init?(_ status: stat) {
    guard status.st_mode & S_IFMT == S_IFREG else { return nil }
    device = UInt(status.st_dev)
    inode = UInt(status.st_ino)
    size = Int(status.st_size)
    modifiedSeconds = status.st_mtim.tv_sec
    modifiedNanoseconds = status.st_mtim.tv_nsec
    changedSeconds = status.st_ctim.tv_sec
    changedNanoseconds = status.st_ctim.tv_nsec
  }

  /// Whether the file changed so short a time before `time` (since 1970) that a second change could
  /// have left the same times.
  func isRecent(at time: timespec) -> Bool {
    let age =
      (time.tv_sec &- changedSeconds) &* 1000 &+ (time.tv_nsec &- changedNanoseconds) / 1_000_000
    return age < 50
  }
}
