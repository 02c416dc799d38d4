import Egg

extension Context {
  var tenant: Value { ["id": 7, "name": "acme"] }
  func isAdmin(_ name: String) -> Bool { name == "Ada" }
}
