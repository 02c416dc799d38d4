import Glibc

/// What `egg dev` has said last about the build.
final class BuildState {
  /// Its number; 0 while all is well.
  var problem = 0
  /// HTML.
  var page = ""

  /// `egg dev` runs this process.
  nonisolated static var isSupervised: Bool { getenv("EGG_DEV") != nil }
}
