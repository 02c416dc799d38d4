import Egg
import SessionEngine
import Testing

@Suite("A session as it is kept") struct SessionRecordTests {
  private let now = 1_700_000_000_000
  private let day = SessionAge.milliseconds(86_400_000)

  private func record(_ members: Value, _ age: SessionAge) -> SessionRecord {
    SessionRecord(members.object ?? ValueMap(), age: age)
  }

  private func cookie(_ json: String) -> String {
    String(decoding: Base64.encode(Array(json.utf8)), as: UTF8.self)
  }

  @Test func `it is written with its end, and read back`() {
    var record = self.record(["a": 1, "b": ["é"]] as Value, .milliseconds(1000))
    let written = record.write(now: now)
    #expect(written.json == #"{"a":1,"b":["é"],"_expire":1700000001000,"_maxAge":1000}"#)
    let (reading, _) = SessionRecord.read(cookie: SessionRecord.cookie(written), now: now, age: day)
    #expect(reading == .good(record) && record.expires == now + 1000)
  }

  @Test func `one that ends with the browser has no end`() {
    var record = self.record(["a": 1], .browser)
    #expect(record.write(now: now).json == #"{"a":1,"_session":true}"#)
    #expect(
      SessionRecord.read(["_session": true], now: now, age: day)
        == .good(self.record([:], .browser)))
  }

  @Test func `it is good up to its last millisecond`() {
    let value: Value = ["_expire": now, "_maxAge": 5]
    guard case .good(let record) = SessionRecord.read(value, now: now, age: day) else {
      Issue.record("not good")
      return
    }
    #expect(record.age == .milliseconds(5))
    #expect(SessionRecord.read(value, now: now + 1, age: day) == .expired)
  }

  @Test func `names that it keeps for itself are nobody else's`() {
    let record = record(["_x": 1, "isNew": 2, "__proto__": 3, "x_": 4], day)
    #expect(Value.map(record.members) == ["x_": 4])
  }

  @Test(arguments: [
    "", "%", "AAAA", "bm90IGpzb24=", "W10=", "MQ==", "bnVsbA==", "InRleHQi", "eyI=", "\u{0}", "e30",
    "e30=e30=", "////",
  ])
  func `what is no session is said to be none`(text: String) {
    let (reading, shown) = SessionRecord.read(cookie: text, now: now, age: day)
    // `{}` without its padding is an empty session.
    if text == "e30" { return }
    #expect(reading == .invalid && shown == .text(text))
  }

  @Test(arguments: [
    #"{"_expire":"soon","_maxAge":-1}"#, #"{"_maxAge":1e300}"#, #"{"_maxAge":"session "}"#,
    #"{"_expire":null,"_session":false}"#, #"{"_maxAge":{}}"#,
  ])
  func `a nonsensical age is the configured one`(json: String) {
    let (reading, _) = SessionRecord.read(cookie: cookie(json), now: now, age: day)
    guard case .good(let record) = reading else {
      Issue.record("\(reading)")
      return
    }
    #expect(record.age == day && record.expires == nil)
  }

  @Test func `deep and long cookies end in an answer`() {
    for json in [
      String(repeating: "[", count: 100_000), String(repeating: #"{"a":"#, count: 50_000),
      #"{"a":""# + String(repeating: "x", count: 1_000_000),
    ] {
      #expect(SessionRecord.read(cookie: cookie(json), now: now, age: day).0 == .invalid)
    }
  }

  @Test(arguments: [
    (1_000, 499, true), (1_000, 500, false), (1_000, -5, true), (1, 0, false),
  ])
  func `it is renewed when less than half is left`(time: Int, left: Int, isDue: Bool) {
    let isOver = SessionRecord.isHalfOver(now + left, .milliseconds(time), now: now)
    #expect(isOver == isDue)
  }

  @Test func `without an end nothing is renewed`() {
    #expect(!SessionRecord.isHalfOver(nil, day, now: now))
    #expect(!SessionRecord.isHalfOver(now, .browser, now: now))
  }

  @Test(
    arguments: [
      ("session", .browser), (1, .milliseconds(1)), (0, nil), (-1, nil), (.integer(1 << 50), nil),
      (.integer(Int.max), nil), ("1", nil), (.null, nil), (.undefined, nil), (true, nil),
    ] as [(Value, SessionAge?)])
  func `ages`(value: Value, age: SessionAge?) { #expect(SessionAge(value) == age) }
}
