import Egg

func shout(_ text: String, _ times: Int = 1) -> String { text }

func load(key: String) async throws -> Value { ["key": 1] }
