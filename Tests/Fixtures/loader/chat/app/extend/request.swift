import Egg

extension Request {
  var isInternal: Bool { true }
}
