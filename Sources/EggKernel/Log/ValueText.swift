import PluginABI

/// Short text of a value, for messages.
enum ValueText {
  static func describe(_ value: egg_value) -> String {
    switch value.kind {
    case Kind.null: "null"
    case Kind.bool: value.as.boolean ? "true" : "false"
    case Kind.int, Kind.time: String(value.as.integer)
    case Kind.double: String(value.as.number)
    case Kind.string: value.text.string
    case Kind.bytes: "<\(value.count) bytes>"
    case Kind.list: "<list of \(value.count)>"
    case Kind.map: "<map of \(value.count)>"
    case Kind.object: "<object>"
    default: "undefined"
    }
  }
}
