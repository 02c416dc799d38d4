internal import EngineIO

extension Socket {
  /// What is known of the first request and of CONNECT, as a JSON object.
  public var handshakeJSON: [UInt8] {
    let facts = session.handshake
    var json = Array("{\"headers\":".utf8)
    json += facts.headers.isEmpty ? Array("{}".utf8) : facts.headers
    json += Array(",\"time\":".utf8) + jsonText(Self.moment(facts.issued))
    json += Array(",\"address\":".utf8) + jsonText(facts.address)
    json += Array(",\"xdomain\":\(facts.isCrossDomain),\"secure\":\(facts.isSecure)".utf8)
    json += Array(",\"issued\":\(facts.issued),\"url\":".utf8) + jsonText(facts.url)
    // Old clients give a namespace's query with its name; the request's wins.
    let own = Self.items(query)
    json += Array(",\"query\":".utf8) + Self.object(own + facts.query)
    json += Array(",\"auth\":".utf8)
    if session.revision == .v3 {
      json += Self.object(own)
    } else {
      json += auth.isEmpty ? Array("{}".utf8) : auth
    }
    json.append(UInt8(ascii: "}"))
    return json
  }

  public static func object(_ items: [(name: String, value: String)]) -> [UInt8] {
    var order: [String] = []
    var values: [String: String] = [:]
    for item in items where values.updateValue(item.value, forKey: item.name) == nil {
      order.append(item.name)
    }
    var json: [UInt8] = [UInt8(ascii: "{")]
    for (place, name) in order.enumerated() {
      if place > 0 { json.append(UInt8(ascii: ",")) }
      json += jsonText(name) + [UInt8(ascii: ":")] + jsonText(values[name] ?? "")
    }
    json.append(UInt8(ascii: "}"))
    return json
  }

  /// `a=1&b=2`, percent-decoded.
  static func items(_ query: String) -> [(name: String, value: String)] {
    query.split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (decoded(parts[0]), parts.count > 1 ? decoded(parts[1]) : "")
    }
  }

  private static func decoded(_ text: Substring) -> String {
    var bytes: [UInt8] = []
    var rest = Array(text.utf8)[...]
    while let byte = rest.popFirst() {
      if byte == UInt8(ascii: "%"), rest.count >= 2,
        let value = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      {
        bytes.append(value)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte == UInt8(ascii: "+") ? 0x20 : byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }

  /// `2026-01-31T12:00:00.000Z`
  private static func moment(_ milliseconds: Int) -> String {
    let days = milliseconds / 86_400_000
    let rest = milliseconds % 86_400_000
    // Civil date of a day number: years that begin in March, in eras of 400 years.
    let shifted = days + 719_468
    let era = shifted / 146_097
    let dayOfEra = shifted % 146_097
    let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
    let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
    let shiftedMonth = (5 * dayOfYear + 2) / 153
    let day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
    let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
    let year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    func padded(_ number: Int, _ width: Int = 2) -> String {
      let digits = String(number)
      return String(repeating: "0", count: max(0, width - digits.count)) + digits
    }
    return "\(padded(year, 4))-\(padded(month))-\(padded(day))T\(padded(rest / 3_600_000)):"
      + "\(padded(rest / 60_000 % 60)):\(padded(rest / 1000 % 60)).\(padded(rest % 1000, 3))Z"
  }
}
