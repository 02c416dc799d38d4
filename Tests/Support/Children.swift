import Foundation
import Synchronization

/// Processes and folders that a test keeps for the others end with the test program.
public enum Children {
  private struct State {
    var processes: Set<Int32> = []
    var folders: Set<String> = []
  }

  private static let state: Mutex<State> = {
    atexit {
      let state = Children.state.withLock { $0 }
      for process in state.processes { kill(process, SIGTERM) }
      for folder in state.folders { try? FileManager.default.removeItem(atPath: folder) }
    }
    return Mutex(State())
  }()

  public static func end(atEnd process: Int32) {
    state.withLock { _ = $0.processes.insert(process) }
  }

  public static func remove(atEnd folder: URL) {
    state.withLock { _ = $0.folders.insert(folder.path) }
  }

  /// It has ended, and its files are gone.
  public static func forget(_ process: Int32, _ folders: URL...) {
    state.withLock {
      $0.processes.remove(process)
      for folder in folders { $0.folders.remove(folder.path) }
    }
  }
}
