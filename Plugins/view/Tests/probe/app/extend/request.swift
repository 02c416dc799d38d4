import Egg

extension Request {
  var isMobile: Bool { self.get("user-agent").contains("Mobile") }
}
