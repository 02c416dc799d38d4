import Testing

@testable import bench

@Suite("Statistics") struct StatisticsTests {
  @Test func `the median of an odd count is the middle value`() throws {
    let spread = try #require(Spread([9, 1, 5]))
    #expect(spread.median == 5)
    #expect(spread.min == 1)
    #expect(spread.max == 9)
  }

  @Test func `the median of an even count is the mean of the middle two`() throws {
    #expect(try #require(Spread([4, 1, 2, 9])).median == 3)
  }

  @Test func `no values have no spread`() {
    #expect(Spread([]) == nil)
  }

  @Test func `a ratio is taken within each round`() throws {
    // 20/10, 60/30 and 45/15: the machine was three times slower in the second round.
    let ratio = try #require(Spread.ratio([20, 60, 45], [10, 30, 15]))
    #expect(ratio.median == 2)
    #expect(ratio.min == 2)
    #expect(ratio.max == 3)
  }

  @Test func `rounds that one side lacks are left out of a ratio`() {
    #expect(Spread.ratio([20, nil, 8], [10, 10, 0])?.max == 2)
    #expect(Spread.ratio([nil], [1]) == nil)
  }

  @Test(arguments: [
    (1.005, 1, "1.0"), (12.345, 2, "12.35"), (0.5, 0, "1"), (-2.25, 1, "-2.3"), (3.04, 2, "3.04"),
    (0, 2, "0.00"), (99.999, 2, "100.00"),
  ])
  func `numbers are rounded to fixed digits`(value: Double, digits: Int, text: String) {
    #expect(value.text(digits) == text)
  }
}

@Suite("Table") struct TableTests {
  @Test func `the first column is left, the others are right, line ends are bare`() {
    var table = Table(["", "a", "long"])
    table.add(["row", "1", "2"])
    table.add(["r", "10", ""])
    let lines = [
      "       a   long",
      "───────────────",
      "row    1      2",
      "r     10",
    ]
    #expect(table.text == lines.joined(separator: "\n"))
  }
}
