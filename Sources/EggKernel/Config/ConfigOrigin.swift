/// Who set configuration: a unit and one of its files, an environment variable, or code.
package struct ConfigOrigin: Sendable, Equatable {
  package enum Stage: Sendable, Equatable {
    /// A `config.default.json`, or defaults embedded in a library.
    case defaults
    /// A file for a scope or an environment.
    case environment
    /// Later than every file: an environment variable, a remote source, `configWillLoad`.
    case late
  }

  /// The file, or a pseudo file such as `<process.env.EGG_APP_CONFIG>`.
  package let file: String
  package let unit: String
  package let kind: LoadUnit.Kind
  package let stage: Stage

  package init(file: String, unit: String, kind: LoadUnit.Kind, stage: Stage) {
    self.file = file
    self.unit = unit
    self.kind = kind
    self.stage = stage
  }

  /// For values that a unit sets in `configWillLoad`, or that a remote source delivers.
  package static func code(_ label: String, unit: String, kind: LoadUnit.Kind) -> ConfigOrigin {
    ConfigOrigin(file: "<\(label)>", unit: unit, kind: kind, stage: .late)
  }
}

/// One time that a leaf of the configuration was set.
package struct ConfigWriter: Sendable, Equatable {
  package let origin: ConfigOrigin
  package let position: SourcePosition
  /// What it was set to; an empty object where a writer replaced the leaf by an object.
  package let value: ConfigValue

  package var file: String { origin.file }
  package var unit: String { origin.unit }
  /// 0 when the origin is not a text.
  package var line: Int { Int(position.line) }
  package var column: Int { Int(position.column) }

  /// `FILE:LINE:COLUMN`, or the file alone.
  package var place: String {
    position == .none ? file : "\(file):\(line):\(column)"
  }
}
