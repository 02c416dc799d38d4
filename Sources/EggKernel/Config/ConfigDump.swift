import Glibc

extension ConfigTree {
  /// The configuration for people; with `masked`, secrets show their kind and size only.
  package func dump(masked: Bool = true) -> ConfigValue {
    masked ? ConfigMask(config: self).masked(value) : value
  }

  /// The same tree with, in place of each leaf, `FILE:LINE` of whoever set it last.
  ///
  /// Differs from Egg: the line is added.
  package func metaDump() -> ConfigValue { meta(root) ?? [:] }

  private func meta(_ node: ConfigNode) -> ConfigValue? {
    switch node.content {
    case .unset: return nil
    case .leaf:
      guard let last = node.writers.last.map(writer) else { return nil }
      return .string(last.line == 0 ? last.file : "\(last.file):\(last.line)")
    case .object:
      var members = ConfigObject()
      for (key, child) in node.children {
        if let value = meta(child) { members.append(key, value) }
      }
      return .object(members)
    }
  }

  /// Writes `NAME_config.json` (`config`, `plugins`, `appInfo`) and `NAME_config_meta.json` to the
  /// folder for files of a run, which is made if needed. Each file is replaced as a whole and can
  /// be read by its owner only.
  ///
  /// - Parameters:
  ///   - process: `application` or `agent`.
  ///   - folder: `config.rundir`, usually `run` in the application.
  ///   - plugins: `PluginSet.dump`.
  /// - Returns: a warning for each file that could not be written; that never stops a start.
  package func writeRunFiles(
    process: String, folder: String, plugins: ConfigValue, appInfo: AppInfo
  ) -> [BootNotice] {
    let content: ConfigValue = [
      "config": dump(), "plugins": plugins, "appInfo": appInfo.value,
    ]
    return [("config", content), ("config_meta", metaDump())].compactMap { name, value in
      RunFile.write(value, to: "\(folder)/\(process)_\(name).json")
    }
  }
}

/// Writes one JSON file of the `run` folder.
package enum RunFile {
  /// - Returns: nil when it is written, else the warning to log.
  package static func write(_ value: ConfigValue, to path: String) -> BootNotice? {
    makeFolders(Path.folder(of: path))
    // A reader never sees half a file: written beside it, then renamed over it.
    let temporary = "\(path).\(getpid()).tmp"
    var bytes = JSONWriter.bytes(value, indentation: 2)
    bytes.append(0x0A)
    let descriptor = unsafe open(
      temporary, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0o600)
    guard descriptor >= 0 else { return warning(path, errno) }
    let failure = writeAll(bytes, to: descriptor)
    close(descriptor)
    if failure == 0, unsafe rename(temporary, path) == 0 { return nil }
    let reason = failure == 0 ? errno : failure
    unsafe unlink(temporary)
    return warning(path, reason)
  }

  private static func writeAll(_ bytes: [UInt8], to descriptor: CInt) -> CInt {
    var done = 0
    while done < bytes.count {
      let wrote = unsafe bytes.withUnsafeBytes { buffer in
        unsafe Glibc.write(descriptor, buffer.baseAddress! + done, bytes.count - done)
      }
      if wrote < 0, errno == EINTR { continue }
      if wrote < 0 { return errno }
      done += wrote
    }
    return 0
  }

  static func makeFolders(_ path: String) {
    guard path != "/", path != ".", FileReader.kind(of: path) == .none else { return }
    makeFolders(Path.folder(of: path))
    // What goes wrong here shows when the file is opened.
    _ = unsafe mkdir(path, 0o755)
  }

  private static func warning(_ path: String, _ code: CInt) -> BootNotice {
    .warning("cannot write \(path): \(FileReader.systemMessage(code))")
  }
}
