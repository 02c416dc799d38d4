import Egg

extension Request {
  var isJSON: Bool { type == "application/json" }
}
