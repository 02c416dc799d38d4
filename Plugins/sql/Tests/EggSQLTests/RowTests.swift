import EggSQL
import Testing

@Suite("Rows") struct RowTests {
  struct Post: Decodable, Equatable {
    var id: UInt64
    var title: String
    var isPublic: Bool
    var score: Double
    var note: String?
    var data: [UInt8]?
  }

  static let result = SQLResult(
    packed(
      ["id", "title", "isPublic", "score", "note", "data"],
      [
        [.unsigned(.max), "a", 1, "1.50", nil, .bytes([1, 2])],
        [2, "b", 0, 2.5, "n", nil],
      ]))

  @Test func `a row is one of your types`() throws {
    #expect(
      try Self.result.decode(Post.self) == [
        Post(id: .max, title: "a", isPublic: true, score: 1.5, note: nil, data: [1, 2]),
        Post(id: 2, title: "b", isPublic: false, score: 2.5, note: "n", data: nil),
      ])
  }

  @Test func `a column that does not fit is named`() {
    let result = SQLResult(packed(["id", "title"], [[1, nil]]))
    #expect { try result.decode(Post.self) } throws: {
      guard case DecodingError.valueNotFound(_, let context) = $0 else { return false }
      return context.codingPath.map(\.stringValue) == ["title"]
    }
    #expect { try SQLResult(packed(["id"], [[300]])).decode([String: UInt8].self) } throws: {
      "\($0)".contains("out of range")
    }
  }

  @Test func `of columns with one name the last wins`() {
    let row = SQLResult(packed(["id", "id"], [[1, 2]]))[0]
    #expect(row.id.int == 2)
    #expect(row[0].int == 1)
    #expect(row.fields == ["id": 2])
    #expect(row.nothing == .null)
  }
}

private func packed(_ names: [String], _ rows: [[SQLValue]]) -> SQLPackedRows {
  let packed = SQLPackedRows(SQLColumns(names))
  for row in rows {
    for value in row {
      switch value {
      case .integer(let number): packed.append(number)
      case .unsigned(let number): packed.append(unsigned: number)
      case .number(let number): packed.append(number)
      case .text(var text): text.withUTF8 { packed.append(text: UnsafeRawBufferPointer($0)) }
      case .bytes(let bytes): bytes.withUnsafeBytes { packed.append(bytes: $0) }
      default: packed.appendNull()
      }
    }
    packed.endRow()
  }
  return packed
}
