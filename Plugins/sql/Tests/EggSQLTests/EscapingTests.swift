import EggSQL
import Testing

@Suite("Escaping") struct EscapingTests {
  static let utc = SQLEscaping(timeZone: .offset(0))

  @Test(
    arguments: [
      (.null, "NULL"), (true, "true"), (false, "false"), (5, "5"), (-1.5, "-1.5"), (2.0, "2"),
      (.unsigned(.max), "18446744073709551615"), (.integer(.min), "-9223372036854775808"),
      ("it's", #"'it\'s'"#), ("\0\u{8}\t\n\r\u{1A}\"'\\", #"'\0\b\t\n\r\Z\"\'\\'"#),
      ("'; drop table t", #"'\'; drop table t'"#),
      (.bytes([0, 0xAB, 0xFF]), "X'00abff'"), ([1, 2], "1, 2"),
      (.list([[1, 2], [3, 4]]), "(1, 2), (3, 4)"),
      (.fields(["a": 1, "b": "x"]), "`a` = 1, `b` = 'x'"),
      (.literal("now()"), "now()"), (.moment(1_777_630_830_123), "'2026-05-01 10:20:30.123'"),
      (.moment(-1), "'1969-12-31 23:59:59.999'"), (.moment(.max), "NULL"), (.number(.nan), "NaN"),
    ] as [(SQLValue, String)])
  func `a value is written so that it reads back`(value: SQLValue, text: String) {
    #expect(sqlEscape(value, Self.utc) == text)
  }

  @Test func `without backslash escapes only the quote is doubled`() {
    let escaping = SQLEscaping(backslashes: false)
    #expect(sqlEscape("a'b\\c\"", escaping) == #"'a''b\c"'"#)
    #expect(sqlEscape("a'b\\", SQLEscaping(dialect: .sqlite)) == #"'a''b\'"#)
    #expect(sqlEscape("a\0", SQLEscaping(dialect: .sqlite)) == "CAST(X'6100' AS TEXT)")
  }

  @Test func `where a quote may be half of a character, text says its character set`() {
    let escaping = SQLEscaping(isUTF8: false)
    #expect(sqlEscape("a'", escaping) == #"'a\''"#)
    #expect(sqlEscape("é'", escaping) == "_utf8mb4 X'c3a927'")
  }

  @Test func `names`() {
    #expect(SQLIdentifier.escape("a") == "`a`")
    #expect(SQLIdentifier.escape("t.a") == "`t`.`a`")
    #expect(SQLIdentifier.escape("a`b") == "`a``b`")
    #expect(SQLIdentifier.escape(["a", "b"]) == "`a`, `b`")
  }

  @Test(
    arguments: [
      ("a = ? and b = ?", [1, "x"], "a = 1 and b = 'x'"),
      ("?? = ?", ["t.a", 1], "`t`.`a` = 1"),
      ("? ? ?", [1, 2], "1 2 ?"), ("?", [1, 2], "1"), ("??? ?", [1], "??? 1"),
      ("??", [["a", "b"] as SQLValue], "`a`, `b`"), ("in (?)", [[1, 2] as SQLValue], "in (1, 2)"),
      ("?", [SQLLiteral("now()")], "now()"), ("set ?", [["a": 1] as SQLFields], "set `a` = 1"),
      // Values never get into quotes or comments.
      ("'?' ? \"?\" `?`", [1], "'?' 1 \"?\" `?`"), ("'it''s ?' ?", [1], "'it''s ?' 1"),
      (#"'\'?' ?"#, [1], #"'\'?' 1"#), ("/* ? */ ?", [1], "/* ? */ 1"), ("-- ?\n?", [1], "-- ?\n1"),
      ("# ?\n?", [1], "# ?\n1"), ("a--?", [1], "a--1"),
    ] as [(String, SQLArguments, String)])
  func `question marks`(sql: String, arguments: SQLArguments, text: String) {
    #expect(SQLStatement(sql, arguments).text() == text)
  }

  @Test(arguments: [
    ("a = :id", "a = 7"), (":id :other :id", "7 :other 7"), (":idx", ":idx"),
    ("'12:id' ?", "'12:id' ?"), ("a::id", "a::id"), (":name", #"'O\'Neil'"#),
  ])
  func `names with a colon`(sql: String, text: String) {
    #expect(SQLStatement(sql, ["id": 7, "name": "O'Neil"]).text() == text)
  }

  @Test func `a falsy argument is none, a scalar is a list of one`() {
    for falsy in [.null, 0, "", false] as [SQLValue] { #expect(SQLArguments(falsy) == .none) }
    #expect(SQLArguments(5) == [5])
    #expect(SQLArguments("x") == ["x"])
  }

  @Test func `a statement that counts on backslashes does not fit a server without them`() {
    let statement = SQLStatement(#"select 'it\'s', ?"#, [1])
    #expect(statement.fits(SQLEscaping()))
    #expect(!statement.fits(SQLEscaping(backslashes: false)))
    #expect(SQLStatement(#"select 'a\n', ?"#, [1]).fits(SQLEscaping(backslashes: false)))
  }
}

@Suite("Time") struct TimeTests {
  @Test func `zones`() {
    #expect(SQLTimeZone("local") == .local)
    #expect(SQLTimeZone("Z") == .offset(0))
    #expect(SQLTimeZone("+08:00") == .offset(28800))
    #expect(SQLTimeZone("-0330") == .offset(-12600))
    for wrong in ["", "CET", "+8", "+15:00", "+08:60"] { #expect(SQLTimeZone(wrong) == nil) }
  }

  @Test func `times are read back in their zone`() throws {
    let time = try #require(CivilTime("2026-05-01 10:20:30.123456".utf8))
    #expect(time.milliseconds(in: .offset(0)) == 1_777_630_830_123)
    #expect(time.milliseconds(in: .offset(28800)) == 1_777_630_830_123 - 28_800_000)
    #expect(
      CivilTime(milliseconds: 1_777_630_830_123, in: .offset(0)).text == "2026-05-01 10:20:30.123")
    #expect(CivilTime("2026-05-01".utf8)?.milliseconds(in: .offset(0)) == 1_777_593_600_000)
    for wrong in ["0000-00-00", "2026-00-01", "2026-05-01 25:00:00", "x", "2026-05-0a"] {
      #expect(CivilTime(wrong.utf8) == nil)
    }
  }
}
