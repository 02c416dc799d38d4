/// What a test has put in place of parts of this unit. Nothing, outside of tests.
package enum TestDoubles {
  /// Makes the service that stands in for one of another class.
  package typealias ServiceMaker = @MainActor (Context) -> Service

  /// By the class that is replaced.
  package static var services: [ObjectIdentifier: ServiceMaker] = [:]
  /// What `app.env` says.
  package static var env: String?
  /// Sees each context before anybody else of this unit does.
  package static var prepare: (@MainActor (Context) -> Void)?
}

extension Application {
  /// The application of the unit that this program is linked with; nil before it is registered.
  package static var linked: Application? { Unit.current?.application }
  /// The agent in the same process.
  package var linkedAgent: Agent? { unit.agent }
}
