import Egg

enum Clean {
  static let schedule: Value = ["interval": "1m"]
  static func task(_ ctx: Context) async throws {}
}
