/// A refusal while starting. The text names the unit at fault, the place, and the way out.
///
/// `EGG_DEPENDENCY session: config/plugin.json:4: needs "redis", which is disabled`
package struct BootError: Error, Sendable, CustomStringConvertible {
  /// What kind of refusal it is. Opaque, so that a new code breaks nobody's `switch`.
  package struct Code: Hashable, Sendable {
    package let name: String
    private init(_ name: String) { self.name = name }

    /// A dependency is absent, disabled, or part of a cycle. Egg: PluginSequencifyError.
    package static let dependency = Code("EGG_DEPENDENCY")
    /// A configuration file, an environment variable or a plugin table is not what it must be.
    package static let config = Code("EGG_CONFIG")
    /// An enabled plugin is in none of the places where it is looked for.
    package static let pluginNotFound = Code("EGG_PLUGIN_NOT_FOUND")
    /// A framework of the chain is not found, or the chain is a circle.
    package static let framework = Code("EGG_FRAMEWORK")
    /// A library carries no manifest, or one that cannot be read.
    package static let manifest = Code("EGG_MANIFEST")
    /// A library is made for another machine or another version of the plugin interface.
    package static let abi = Code("EGG_ABI")
    /// Two units provide the same name.
    package static let collision = Code("EGG_COLLISION")
    /// A file must not be trusted: wrong owner, writable by everybody, not a regular file.
    package static let permission = Code("EGG_PERMISSION")
    /// A library is not the one that `sha256` pins.
    package static let pin = Code("EGG_PIN")
    /// A library cannot be opened, or its entry point declined.
    package static let load = Code("EGG_LOAD")
    /// A boot step is late.
    package static let timeout = Code("EGG_TIMEOUT")
    /// A step of the life cycle was refused: wrong moment, or the unit's own error.
    package static let lifecycle = Code("EGG_LIFECYCLE")
    /// A file exists but cannot be read.
    package static let file = Code("EGG_FILE")

    /// Every code, for `docs/errors.md` and its test.
    package static let all: [Code] = [
      dependency, config, pluginNotFound, framework, manifest, abi, collision, permission, pin,
      load, timeout, lifecycle, file,
    ]
  }

  package let code: Code
  /// The unit at fault: a plugin's or framework's name, `app`, or `egg` for the kernel itself.
  package let unit: String
  package let message: String
  package let file: String?
  /// 1-based; nil when the whole file is meant.
  package let line: Int?
  package let cause: (any Error)?

  package init(
    _ code: Code, unit: String, _ message: String, file: String? = nil, line: Int? = nil,
    cause: (any Error)? = nil
  ) {
    self.code = code
    self.unit = unit
    self.message = message
    self.file = file
    self.line = line == 0 ? nil : line
    self.cause = cause
  }

  package var description: String {
    var text = "\(code.name) \(unit): "
    if let file { text += line.map { "\(file):\($0): " } ?? "\(file): " }
    text += message
    if let cause { text += "\n  because: \(cause)" }
    return text
  }
}

extension BootError {
  /// A text that is not JSON; the error keeps file, line and the excerpt with the caret.
  init(_ code: Code, unit: String, _ error: JSONError) {
    self.init(
      code, unit: unit, "\(error.message)\n\(error.excerpt)", file: error.file, line: error.line)
  }
}

/// Something that a start wants to say without failing. Returned as data; who starts decides
/// where it is logged.
package struct BootNotice: Sendable, Equatable, CustomStringConvertible {
  package enum Level: String, Sendable {
    case info, warning
  }

  package let level: Level
  package let text: String

  package init(_ level: Level, _ text: String) {
    self.level = level
    self.text = text
  }

  package static func info(_ text: String) -> BootNotice { .init(.info, text) }
  package static func warning(_ text: String) -> BootNotice { .init(.warning, text) }

  package var description: String { "\(level.rawValue): \(text)" }
}
