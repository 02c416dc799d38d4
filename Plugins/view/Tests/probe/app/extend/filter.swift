import Egg

func shout(_ text: String, _ marks: Int = 1) -> String {
  text.uppercased() + String(repeating: "!", count: marks)
}

func sum(_ numbers: [Int]) -> Int { numbers.reduce(0, +) }

func broken(_ text: String) throws -> String { throw EggError("broken by \(text)") }

func slow(_ text: String) async -> String {
  await Task.yield()
  return "slow \(text)"
}
