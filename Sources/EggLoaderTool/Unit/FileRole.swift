/// What a file of a unit is, by its place alone.
enum FileRole: Equatable {
  /// `app.swift`
  case boot
  /// `agent.swift`
  case agentBoot
  /// `app/router.swift` and `app/router/*.swift`
  case router
  case controller
  case service
  case middleware
  /// `app/extend/NAME.swift`; the name without `.swift`.
  case extend(String)
  /// A file that another unit receives: `folder` is the contributed directory.
  case export(kind: ExportKind, folder: String)
  /// Swift that the conventions leave alone.
  case plain
}

enum ExportKind: String, Equatable {
  case controller, middleware, service, schedule, functions, object
}

/// A directory whose kind is declared, not guessed from its name.
struct Convention: Equatable {
  /// `app/io/controller`
  var path: String
  var kind: ExportKind
  /// The Swift type that shows the tree, `IO` for `app.io.controller`; nil: `app.exports`.
  var holder: String?
  /// The module that holds that type.
  var module: String?
}

/// The role of a file, and its property path below its folder (`["admin", "user"]` as written).
struct Placement {
  var role: FileRole
  var segments: [String]

  /// - Parameter relativePath: `app/controller/admin/user.swift`.
  init(_ relativePath: String, conventions: [Convention]) {
    var parts = relativePath.split(separator: "/").map(String.init)
    if let last = parts.popLast() {
      parts.append(last.hasSuffix(".swift") ? String(last.dropLast(6)) : last)
    }
    segments = Array(parts.suffix(1))
    if relativePath == "app.swift" {
      role = .boot
    } else if relativePath == "agent.swift" {
      role = .agentBoot
    } else if relativePath == "app/router.swift" {
      role = .router
    } else if let convention = Self.longest(conventions, relativePath) {
      role = .export(kind: convention.kind, folder: convention.path)
      segments = Array(parts.dropFirst(convention.path.split(separator: "/").count))
    } else if parts.count < 3 {
      role = .plain  // app/x.swift
    } else {
      (role, segments) = Self.byFolder(parts)
    }
  }

  private static func longest(_ conventions: [Convention], _ path: String) -> Convention? {
    conventions.filter { path.hasPrefix($0.path + "/") }.max { $0.path.count < $1.path.count }
  }

  /// - Parameter parts: `["app", folder…, stem]`.
  private static func byFolder(_ parts: [String]) -> (FileRole, [String]) {
    let rest = Array(parts.dropFirst(2))
    switch parts[1] {
    case "router" where parts.count == 3: return (.router, rest)
    case "controller": return (.controller, rest)
    case "service": return (.service, rest)
    case "middleware": return (.middleware, rest)
    case "extend": return (parts.count == 3 ? .extend(parts[2]) : .plain, rest)
    case "schedule": return (.export(kind: .schedule, folder: "app/schedule"), rest)
    default: break
    }
    // Any other folder: the first segment that names a kind ends the directory.
    for index in 2..<max(2, parts.count - 1) {
      if let kind = ExportKind(rawValue: parts[index]), kind != .functions, kind != .object {
        let folder = parts[...index].joined(separator: "/")
        return (.export(kind: kind, folder: folder), Array(parts[(index + 1)...]))
      }
    }
    let folder = parts.dropLast().joined(separator: "/")
    return (.export(kind: .object, folder: folder), Array(parts.suffix(1)))
  }
}
