/// A name of the user's in generated code, and the line that a compile error about it belongs to.
struct Reference {
  var expression: String
  var position: SourcePosition
}

/// One way into a controller.
struct ControllerAction {
  var name: String
  var reference: Reference
  /// A free function, which a property of the same name would hide.
  var isFree = false
}

/// What a unit was found to hold; everything in the order of its files.
struct UnitModel {
  struct Controller {
    var path: [String]
    var actions: [ControllerAction]
    var position: SourcePosition
  }

  struct Service {
    var path: [String]
    var type: Reference
  }

  struct Middleware {
    var path: [String]
    var function: Reference
  }

  /// A member of `extension Context { … }` that other units and templates call by its name.
  struct Member {
    /// `Context`
    var target: String
    var name: String
    var declaration: Declaration
    var position: SourcePosition
    /// Of `app/extend/context.ENV.swift`: the environment in which it has the name.
    var environment: String?
  }

  struct Export {
    enum Content {
      case controller([ControllerAction])
      case middleware(Reference)
      case schedule(schedule: Reference, run: Reference)
      case functions([Member])
      case object(Reference)
    }

    var relativePath: String
    var folder: String
    var path: [String]
    var content: Content
  }

  var boot: Reference?
  var agentBoot: Reference?
  var routers: [Reference] = []
  var controllers: [Controller] = []
  var services: [Service] = []
  var middleware: [Middleware] = []
  var members: [Member] = []
  var exports: [Export] = []
}
