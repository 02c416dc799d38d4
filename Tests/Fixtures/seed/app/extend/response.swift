import Egg

extension Response {
  func noStore() { set("Cache-Control", "no-store") }
}
